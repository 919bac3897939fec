package import DeploymentModel
import Git
import JSON

/// All that an input key is made of, so that a key can be explained and two can be compared (contract "Pins").
package struct InputKeyParts: Sendable {
    package let platform: Platform
    package let context: BuildContext

    package init(_ context: BuildContext, platform: Platform) {
        self.context = context
        self.platform = platform
    }

    /// SHA-256 of the canonical JSON of the parts. It depends on git alone, never on time or network.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` when a name has no canonical form.
    package func key() throws(Failure) -> InputKey {
        do throws(JSONError) {
            return InputKey(try hashed.sha256())
        } catch {
            throw Failure(.spec, "a build argument or a file name has no canonical form: \(error.message)")
        }
    }

    /// What is hashed. Another meaning of any of it needs another `version`.
    private var hashed: JSONValue {
        var parts: [String: JSONValue] = [
            "version": 2,
            "platform": .string(platform.oci),
            "dockerfile": .array([.string(context.dockerfile), .string(context.dockerfileID.hex)]),
            "args": .object(context.recipe.args.mapValues { .string($0) }),
            "target": context.recipe.target.map { .string($0) } ?? .null,
            "files": .array(
                context.files.map {
                    .array([.string($0.path), .string(String($0.mode.rawValue, radix: 8)), .string($0.id.hex)])
                }),
        ]
        // Images of keys without this hold the Dockerfile.
        if context.hidden != nil { parts["hides"] = true }
        return .object(parts)
    }
}
