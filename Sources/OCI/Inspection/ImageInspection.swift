package import DeploymentModel
import JSON

/// What an image really is for: its config, held against the programs in its layers.
package struct ImageInspection: Sendable {
    package let platform: Platform
    /// What is odd but need not be wrong, each one sentence.
    package let warnings: [String]
    /// Claims that there is a program for some processor in it.
    package let hasPrograms: Bool

    /// The layers, the lowest first.
    package let layers: [Digest]
}

/// Judges an image by its config and the facts of its layers.
struct ImageJudge {
    private let image: ImageReference
    private let platform: Platform
    private let config: JSONValue?
    private let files: ImageFiles
    private let layers: [Digest]
    private let machine: ProgramHead.Machine
    private var warnings: [String] = []

    init(_ image: ImageReference, _ platform: Platform, config: JSONValue, layers: [(Digest, LayerFacts)]) {
        self.image = image
        self.platform = platform
        self.config = config["config"]
        self.layers = layers.map(\.0)
        files = ImageFiles(layers.map(\.1))
        machine = platform == .amd64 ? .amd64 : .arm64
    }

    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` when what the image starts is for another processor.
    mutating func judge() throws(Failure) -> ImageInspection {
        let words = texts("Entrypoint") + texts("Cmd")
        if let first = words.first { try check(first, words: Array(words.dropFirst()), because: "is what it starts") }
        let programs = files.programs().compactMap { program -> (path: String, machine: ProgramHead.Machine)? in
            guard case .elf(let machine, _) = program.head else { return nil }
            return (program.path, machine)
        }
        let foreign = programs.filter { $0.machine != machine }
        if let first = foreign.first {
            let more = foreign.count > 1 ? " and \(foreign.count - 1) more" : ""
            warnings.append(
                "\(image) is for \(platform.oci) and has programs for other processors: "
                    + "/\(first.path) (\(first.machine.name))\(more).")
        }
        return ImageInspection(
            platform: platform, warnings: warnings, hasPrograms: !programs.isEmpty, layers: layers)
    }

    /// Follows a command to the programs that the kernel loads for it.
    private mutating func check(
        _ command: String, words: [String], because reason: String, depth: Int = 0
    ) throws(Failure) {
        guard let found = find(command) else {
            // A volume may bring it; a smoke test tells.
            warnings.append("\(command), which \(reason) in \(image), is not in the image.")
            return
        }
        switch found.entry {
        case .program(.elf(let own, let loader)):
            guard own == machine else { throw mismatch(found, own, reason) }
            guard let loader else { return }
            guard let there = find(loader) else {
                warnings.append("/\(found.path) in \(image) asks for the loader \(loader), which is not in the image.")
                return
            }
            if case .program(.elf(let its, _)) = there.entry, its != machine {
                throw mismatch(there, its, "is the loader of /\(found.path)")
            }
        case .program(.script(let line)):
            let parts = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
            guard let interpreter = parts.first, depth < 5 else { return }
            try check(interpreter, words: [], because: "runs /\(found.path)", depth: depth + 1)
            // `env` looks for the program that is meant.
            if interpreter.hasSuffix("/env"), let next = parts.dropFirst().first(where: { Self.isCommand($0) }) {
                try check(next, words: [], because: "runs /\(found.path)", depth: depth + 1)
            }
        case .file, .folder, .symbolicLink, .hardLink: break
        }
    }

    /// Neither an option of `env` nor a variable.
    private static func isCommand(_ word: String) -> Bool { !word.hasPrefix("-") && !word.contains("=") }

    private func find(_ command: String) -> ImageFiles.Found? {
        if command.hasPrefix("/") { return files.find(command) }
        if command.contains("/") { return files.find("\(config?["WorkingDir"]?.stringValue ?? "")/\(command)") }
        let path = texts("Env").last { $0.hasPrefix("PATH=") }?.dropFirst(5)
        let folders = path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return folders.split(separator: ":").lazy.compactMap { files.find("\($0)/\(command)") }.first
    }

    private func texts(_ name: String) -> [String] { config?[name]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    private func mismatch(_ found: ImageFiles.Found, _ machine: ProgramHead.Machine, _ reason: String) -> Failure {
        let layer = layers[found.layer]
        return Failure(
            .imagePlatform,
            "\(image) says that it is for \(platform.oci), but /\(found.path), which \(reason), is for \(machine.name)",
            remedy: "Build it for \(platform.oci): let the last FROM follow the target platform, and copy programs "
                + "that were made for TARGETARCH.",
            detail: "/\(found.path) is in layer \(found.layer + 1) of \(layers.count), \(layer)")
    }
}
