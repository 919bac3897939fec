/// What a revision has to show before it is promoted into an environment.
package struct PromotionGate: Hashable, Sendable, Codable {
    /// A kind of test that has to have been passed.
    package struct Proof: Hashable, Sendable, Codable, CustomStringConvertible {
        package let adapter: String
        package let mode: String

        package init(adapter: String, mode: String) {
            self.adapter = adapter
            self.mode = mode
        }

        /// Reads `modal/mock`.
        package init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, ["local", "modal"].contains(parts[0]), ["mock", Evidence.probe].contains(parts[1])
            else { return nil }
            self.init(adapter: parts[0], mode: parts[1])
        }

        package var description: String { "\(adapter)/\(mode)" }
    }

    /// `nil` for the mock smoke where the target runs.
    package var evidence: [Proof]?
    /// How old evidence may be, in seconds; `nil` for any age.
    package var maxAgeSeconds: Int?
    /// How many people have to have approved the revision.
    package var approvals = 0
    /// The file of the keys that approvals are signed with (`ssh-keygen(1)`, ALLOWED SIGNERS).
    package var allowedSigners = ".pinion/allowed_signers"

    package init() {}

    /// What has to be shown for a target.
    package func proofs(for target: Target) -> [Proof] {
        evidence ?? [Proof(adapter: target == .modal ? "modal" : "local", mode: "mock")]
    }
}
