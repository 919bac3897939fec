package import DeploymentModel
import FoundationEssentials
package import Git

/// Approvals of revisions, kept on `refs/pinion/approvals/<env>`: a signed commit for each (contract "Environments, records
/// and leases").
package struct GitApprovals: Sendable {
    private let references: SharedReferences
    private let environment: String

    package init(_ references: SharedReferences, environment: String) {
        self.references = references
        self.environment = environment
    }

    private var reference: String { "refs/pinion/approvals/\(environment)" }

    /// - Parameter unit: names ref and revision, 64 hexadecimal digits.
    private func folder(_ ref: ProcessorRef, _ unit: String) -> String { "\(ref)/\(unit)" }

    /// Approves a revision, as its author.
    ///
    /// - Parameters:
    ///   - revision: for those who read it.
    ///   - run: names the approval: nobody may stand in the way of another one's.
    /// - Throws: `Failure` with `ERR_GIT` when it can't be signed or written.
    package func approve(
        _ ref: ProcessorRef, unit: String, revision: RefRecord.Revision, run: String, as authorship: Authorship,
        time: Int64
    ) async throws(Failure) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            let content = try Array(encoder.encode(revision)) + [UInt8(ascii: "\n")]
            for _ in 0..<16 {
                let tip = try await references.target(of: reference)
                do throws(GitError) {
                    _ = try await references.commit(
                        [.write(path: "\(folder(ref, unit))/\(run).json", content: content)], onto: tip,
                        moving: reference,
                        message: "\(environment): approve \(ref)\n\nPinion-Ref: \(ref)\nPinion-Unit: \(unit)\n",
                        as: authorship, time: time)
                    return
                } catch {
                    guard error.kind == .conflict else { throw error }
                    try await references.refresh()
                }
            }
            throw Failure(.git, "\(reference) keeps moving", remedy: "Run it again.")
        } catch let failure as Failure {
            throw failure
        } catch let error as GitError {
            throw Failure(error)
        } catch { throw Failure(.git, "the approval can't be written: \(error)") }
    }

    /// Who approved a revision with a key that the file knows, each once, sorted.
    ///
    /// - Parameters:
    ///   - allowedSigners: the path of the file.
    ///   - environment: what `git` is run with.
    package func approvers(
        of ref: ProcessorRef, unit: String, allowedSigners: String, environment: [String: String]
    ) async throws(Failure) -> [String] {
        let repository = references.repository
        do throws(GitError) {
            guard let tip = try await references.target(of: reference) else { return [] }
            var approvers: Set<String> = []
            for entry in try await repository.files(at: tip, under: folder(ref, unit)) {
                guard let commit = try await repository.history(of: entry.path, from: tip).last else { continue }
                if let signer = await repository.signer(
                    of: commit.id, allowedSigners: allowedSigners, environment: environment)
                {
                    approvers.insert(signer)
                }
            }
            return approvers.sorted()
        } catch { throw Failure(error) }
    }
}
