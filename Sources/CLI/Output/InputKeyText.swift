import DeploymentModel

/// The parts of input keys for people.
struct InputKeyText {
    let text: String

    init(_ document: InputKeyDocument, style: Style) {
        var lines = [style.bold(document.ref) + style.dim(" · commit \(document.commit.prefix(7))"), ""]
        func row(_ name: String, _ text: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 12 - name.count)) + text)
        }
        for (platform, key) in document.keys.sorted(by: { $0.key < $1.key }) { row(platform, key.hex) }
        row("dockerfile", "\(document.dockerfile.path)  \(style.dim(String(document.dockerfile.id.prefix(7))))")
        for base in document.bases {
            let image = base.image ?? "known to the build alone"
            let text = base.text == image ? image : "\(base.text) → \(image)"
            row("base", "\(text)  " + style.dim("line \(base.line), \(base.isPinned ? "by digest" : "by tag")"))
        }
        row("target", document.target ?? "the last stage")
        let args = document.args.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        row("args", args.isEmpty ? "none" : args.joined(separator: " "))
        let folder = document.context.isEmpty ? "the root" : document.context
        let count = "\(document.files.count) of \(counted(document.candidates, "file"))"
        row("context", "\(folder), \(count)")
        let reason = document.seesAllBecause.map { "all, because \($0)" } ?? "those that the Dockerfile takes"
        row("", style.dim(reason))
        for file in document.files {
            lines.append("    \(style.dim("\(file.mode) \(file.id.prefix(7))"))  \(file.path)")
        }
        text = lines.joined(separator: "\n")
    }
}
