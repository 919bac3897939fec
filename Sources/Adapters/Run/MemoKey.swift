import BLAKE3
import DeploymentModel
import JSON

/// Names everything that decides the result of a run: `b3:` and the BLAKE3 hash of the canonical JSON (RFC 8785) of
/// `{ref, image_digest, spec_hash, inputs, mode}` (contract "Invocation").
struct MemoKey {
    let text: String
    /// Chance for runs that want it, the same for equal keys; never negative.
    let seed: Int64

    /// - Throws: `Failure` with `ERR_INPUTS` for inputs that have no canonical form: numbers that no double holds.
    init(
        ref: RunnableRef, image: Digest?, specHash: String, inputs: JSONValue, mode: RunMode
    ) throws(Failure) {
        let basis: JSONValue = [
            "ref": .string(ref.description), "image_digest": image.map { .string($0.description) } ?? .null,
            "spec_hash": .string(specHash), "inputs": inputs, "mode": .string(mode.rawValue),
        ]
        do throws(JSONError) {
            let id = ContentID(of: Array(try basis.canonical().utf8))
            text = id.description
            let digits = id.description.suffix(16)
            seed = Int64(truncatingIfNeeded: UInt64(digits, radix: 16) ?? 0) & .max
        } catch { throw Failure(.inputs, "the inputs have no canonical form: \(error)") }
    }
}
