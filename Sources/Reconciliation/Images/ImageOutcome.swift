package import DeploymentModel

/// What became of one ref, for one platform or as a whole, in a command about images.
package struct ImageOutcome: Hashable, Sendable, Codable {
    package let ref: ProcessorRef
    /// `nil` for both.
    package let platform: Platform?
    /// What there is now: a local name, or an image by digest.
    package let image: ImageReference?
    /// What was done, as a clause.
    package let text: String
    /// Why it was not done.
    package let failure: Failure?

    init(_ ref: ProcessorRef, _ platform: Platform?, _ image: ImageReference?, _ text: String) {
        self.ref = ref
        self.platform = platform
        self.image = image
        self.text = text
        failure = nil
    }

    init(_ ref: ProcessorRef, _ platform: Platform?, _ failure: Failure) {
        self.ref = ref
        self.platform = platform
        image = nil
        text = "failed"
        self.failure = failure
    }
}
