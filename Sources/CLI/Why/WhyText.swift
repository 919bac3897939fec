import DeploymentModel

/// What runs, from which inputs, and what changed in them since, for people.
struct WhyText {
    let text: String

    init(_ document: WhyDocument, style: Style) {
        var lines = [style.bold(document.ref) + style.dim(" · \(document.environment)")]
        func row(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 10 - name.count)) + text)
        }
        if let recorded = document.recorded {
            row("recorded", "from \(recorded.commit.prefix(7)): \(Self.pins(recorded))")
        } else {
            row("recorded", "nothing in \(document.environment)")
        }
        if let pinned = document.pinned { row("pinned", "in \(pinned.commit.prefix(7)): \(Self.pins(pinned))") }
        row("now", "\(document.now.commit.prefix(7))\(Self.keys(document))")
        if let changes = document.changes {
            if changes.isEmpty {
                row("changed", "nothing, the same inputs")
            } else {
                let width = changes.map { Self.name($0).count }.max() ?? 0
                lines.append("changed")
                lines += changes.map { change in
                    let name = Self.name(change)
                    let commit = change.commit.map { "\($0.prefix(7)) \(change.subject ?? "")" } ?? ""
                    let text = "  \(Self.mark(change, style)) \(name)"
                    guard !commit.isEmpty else { return text }
                    return text + String(repeating: " ", count: width - name.count + 2) + style.dim(commit)
                }
            }
        } else if document.note == nil {
            row("changed", "unknown: there is nothing to compare with")
        }
        if let note = document.note { row("note", note) }
        text = lines.joined(separator: "\n")
    }

    private static func mark(_ change: WhyDocument.Change, _ style: Style) -> String {
        switch change.change {
        case "added": style.green("+")
        case "removed": style.red("-")
        default: style.yellow("~")
        }
    }

    private static func name(_ change: WhyDocument.Change) -> String {
        let values = "\(change.old ?? "none") → \(change.new ?? "none")"
        switch (change.part, change.line) {
        case ("dockerfile", let line?): return "\(change.name ?? ""):\(line)  \(change.new ?? change.old ?? "")"
        case ("dockerfile", nil): return "build.dockerfile \(values)"
        case ("argument", _): return "build.args.\(change.name ?? "") \(values)"
        case ("target", _): return "build.target \(values)"
        case ("sight", _):
            return
                "\(change.name ?? "")  (\(change.change == "added" ? "seen now" : "no longer seen"), itself unchanged)"
        default: return change.name ?? ""
        }
    }

    private static func pins(_ inputs: WhyDocument.Inputs) -> String {
        let pins = inputs.pins.sorted { $0.key < $1.key }.map { platform, image in
            "\(platform) \(image.digest.map { "sha256:\($0.short)…" } ?? image.description)"
        }
        return pins.isEmpty ? "no digest" : pins.joined(separator: ", ")
    }

    /// `, input key 7be1… → 90af…`, one platform for all: what differs between platforms never changes alone.
    private static func keys(_ document: WhyDocument) -> String {
        guard let (platform, new) = document.now.keys.min(by: { $0.key < $1.key }) else { return ", not built here" }
        let old = (document.recorded ?? document.pinned)?.keys[platform]
        let change = old.flatMap { $0 == new ? nil : "\($0.hex.prefix(12)) → " } ?? ""
        return ", input key \(change)\(new.hex.prefix(12)) (\(platform))"
    }
}
