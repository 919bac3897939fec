import DeploymentModel
import Git
import RegistryCatalog

/// The parts of a ref's input keys, as JSON has them.
struct InputKeyDocument: Encodable {
    struct Dockerfile: Encodable {
        let path: String
        let id: String
    }

    struct Base: Encodable {
        let line: Int
        let text: String
        let image: String?
        let isPinned: Bool
    }

    struct File: Encodable {
        let path: String
        /// As git writes it: `100644`.
        let mode: String
        let id: String
    }

    let ref: String
    let commit: String
    /// By platform: `linux/amd64`.
    let keys: [String: InputKey]
    let dockerfile: Dockerfile
    let bases: [Base]
    let target: String?
    let args: [String: String]
    /// The context's folder; `""` is the root.
    let context: String
    let files: [File]
    /// How many files there are after `.dockerignore`.
    let candidates: Int
    /// Why all of them count; absent when only those do that the Dockerfile takes.
    let seesAllBecause: String?

    /// - Parameter platforms: `nil` stands for all.
    init(_ build: ProcessorBuild, _ inputs: BuildInputs, platforms: [Platform]?) {
        let context = inputs.context
        ref = build.spec.ref.description
        commit = build.commit.id.hex
        let chosen = inputs.keys.filter { platforms?.contains($0.key) ?? true }
        keys = Dictionary(uniqueKeysWithValues: chosen.map { ($0.key.oci, $0.value) })
        dockerfile = Dockerfile(path: context.recipe.dockerfile, id: context.dockerfileID.hex)
        bases = context.bases.map { Base(line: $0.line, text: $0.text, image: $0.image, isPinned: $0.isPinned) }
        target = context.recipe.target
        args = context.recipe.args
        self.context = context.recipe.context
        files = context.files.map { File(path: $0.path, mode: String($0.mode.rawValue, radix: 8), id: $0.id.hex) }
        candidates = context.candidates
        seesAllBecause = context.seesAllBecause
    }
}
