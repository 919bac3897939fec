package import DeploymentModel
import JSON

/// A run that may go ahead: its ref is known, its inputs fit, its secrets are there, its predicates hold.
package struct AdmittedRun: Sendable {
    package enum Target: Sendable {
        case processor(Processor)
        case tool(Tool)
    }

    package let target: Target
    package let invocation: Invocation
    package let context: ExecutionContext
    package let options: AdapterOptions
    package let registry: RunnableRegistry
    /// A folder of the artifact store for this run alone; what is published has to be in it.
    package let stage: String

    /// The names of the secrets that the processor may be given; none in mode `mock`.
    package var secrets: [String] { invocation.secretsPresent }
}

extension AdmittedRun.Target {
    var ref: RunnableRef {
        switch self {
        case .processor(let processor): .processor(processor.ref)
        case .tool(let tool): .tool(tool.id)
        }
    }

    var specHash: String {
        switch self {
        case .processor(let processor): processor.specHash
        case .tool(let tool): tool.specHash
        }
    }

    var secrets: SecretNames {
        switch self {
        case .processor(let processor): processor.secrets
        case .tool(let tool): tool.secrets
        }
    }

    var inputsSchema: JSONValue? {
        switch self {
        case .processor(let processor): processor.inputs
        case .tool(let tool): tool.inputsSchema
        }
    }

    var predicates: PredicatesSpec {
        switch self {
        case .processor(let processor): processor.predicates
        case .tool(let tool): tool.predicates
        }
    }

    var declared: [DeclaredOutput] {
        switch self {
        case .processor(let processor): processor.outputs.files
        case .tool: []
        }
    }

    var timeoutSeconds: Int {
        switch self {
        case .processor(let processor): processor.runtime.timeoutSeconds
        case .tool(let tool): tool.timeoutSeconds
        }
    }
}
