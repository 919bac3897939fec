import DeploymentModel
import FoundationEssentials

/// Keeps the facts of layers on disk, by digest, so that a layer is read once. Whatever happens to the files, the facts are
/// right: one that is not whole is not taken.
package struct LayerFactsCache: Sendable {
    private let folder: String

    package init(folder: String) { self.folder = folder }

    /// `$XDG_CACHE_HOME/pinion/layers`.
    package init(environment: [String: String]) {
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        folder = (caches ?? (environment["HOME"] ?? "/tmp") + "/.cache") + "/pinion/layers"
    }

    func facts(of layer: Digest) -> LayerFacts? {
        guard let data = FileManager.default.contents(atPath: path(layer)) else { return nil }
        return LayerFacts(String(decoding: data, as: UTF8.self))
    }

    /// A cache that can't be written to is none.
    func keep(_ facts: LayerFacts, of layer: Digest) {
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try? Data(facts.text.utf8).write(to: URL(filePath: path(layer)), options: .atomic)
    }

    private func path(_ layer: Digest) -> String { "\(folder)/\(layer.hex)" }
}
