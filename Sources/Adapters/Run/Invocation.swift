package import DeploymentModel
package import JSON

/// One run of a processor, whoever runs it.
package struct Invocation: Hashable, Sendable {
    package let ref: RunnableRef
    package let mode: RunMode
    package let inputs: JSONValue
    package let writePrefix: WritePrefix
    package let executionID: ExecutionID
    package let declared: [DeclaredOutput]
    /// The digest that is meant to run.
    package let image: Digest?
    package let platform: Platform
    /// Names of the secrets that the processor was given.
    package let secretsPresent: [String]
    /// How long the run may take.
    package let timeout: Duration

    package init(
        ref: RunnableRef, mode: RunMode, inputs: JSONValue, writePrefix: WritePrefix, executionID: ExecutionID,
        declared: [DeclaredOutput], image: Digest?, platform: Platform, secretsPresent: [String] = [], timeout: Duration
    ) {
        self.ref = ref
        self.mode = mode
        self.inputs = inputs
        self.writePrefix = writePrefix
        self.executionID = executionID
        self.declared = declared
        self.image = image
        self.platform = platform
        self.secretsPresent = secretsPresent
        self.timeout = timeout
    }
}
