import DeploymentModel

/// Why a processor runs as it does, for people: a row per link of the chain, and the verdict last.
struct WhyText {
    let text: String

    init(_ document: WhyDocument, style: Style) {
        let chain = document.stages.reversed().map(\.environment).joined(separator: " ← ")
        var lines = [style.bold(document.ref) + style.dim(" · \(chain)")]
        func row(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 10 - name.count)) + text)
        }
        row("now", "\(document.now.commit.prefix(7))\(Self.keys(document))")
        lines += Self.changes(document, style)
        if let recorded = document.recorded {
            row("recorded", "from \(recorded.commit.prefix(7)): \(Self.pins(recorded.pins))")
        } else {
            row("recorded", "nothing in \(document.environment)")
        }
        for build in document.builds { row("built", Self.text(of: build)) }
        if let pin = document.pin {
            row("pinned", Self.text(of: pin))
        } else if let pinned = document.pinned {
            row("pinned", "in \(pinned.commit.prefix(7)): \(Self.pins(pinned.pins))")
        }
        for stage in document.stages { lines += WhyStageText(stage, style: style).lines }
        if let note = document.note { row("note", note.printable) }
        row("seen", Self.text(of: document.seen))
        if let block = document.block {
            lines.append("\(style.red("✗")) \(block.environment), \(block.link.rawValue): \(block.reason.printable)")
            if let failure = block.failure { lines.append("  \(failure.sentence.printable)") }
            if let remedy = block.remedy { lines.append("  \(remedy)") }
        } else {
            lines.append("\(style.green("✓")) \(document.environment) runs what it wants, by its records")
        }
        text = lines.joined(separator: "\n")
    }

    private static func changes(_ document: WhyDocument, _ style: Style) -> [String] {
        guard let changes = document.changes else {
            return document.note == nil ? ["changed   unknown: there is nothing to compare with"] : []
        }
        guard !changes.isEmpty else { return ["changed   nothing, the same inputs"] }
        let width = changes.map { name($0).count }.max() ?? 0
        return ["changed"]
            + changes.map { change in
                let name = name(change)
                let commit = change.commit.map { "\($0.prefix(7)) \(change.subject ?? "")" } ?? ""
                let text = "  \(mark(change, style)) \(name)"
                guard !commit.isEmpty else { return text }
                return text + String(repeating: " ", count: width - name.count + 2) + style.dim(commit)
            }
    }

    private static func text(of build: WhyDocument.Build) -> String {
        let digest = build.image.digest.map { "sha256:\($0.short)…" } ?? build.image.description
        let bases = build.bases.map { bases in
            bases.isEmpty ? "no base" : "base " + bases.map(short).joined(separator: ", ")
        }
        let record = build.record.map { "recorded \($0.time) by \($0.by.printable)" }
        return "\(build.platform) \(digest) from \(build.commit.prefix(7)) by "
            + [build.builder.printable, record, bases].compactMap(\.self).joined(separator: ", ")
    }

    /// The whole digest is in the document.
    private static func short(_ base: ImageReference) -> String {
        guard let digest = base.digest else { return base.description }
        return base.description.replacing(digest.description, with: "sha256:\(digest.short)…")
    }

    private static func text(of pin: WhyDocument.Pin) -> String {
        let pins = pins(pin.pins)
        guard let commit = pin.commit else { return "\(pin.kind.rawValue): \(pins)" }
        return switch pin.kind {
        case .commit: "in \(commit.commit.prefix(7)) \"\(commit.subject.printable)\": \(pins)"
        case .spec: "in the spec, \(commit.commit.prefix(7)) \"\(commit.subject.printable)\": \(pins)"
        case .record: "in the record, \(commit.commit.prefix(7)): \(pins)"
        }
    }

    private static func text(of seen: WhyDocument.Seen) -> String {
        if seen.isFetched { return "\(seen.place), just now" }
        guard let time = seen.time else { return "\(seen.place) as it is, nothing was fetched" }
        return "\(seen.place) as it was at \(time): it can't be fetched now"
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

    static func pins(_ pins: [String: ImageReference]) -> String {
        let pins = pins.sorted { $0.key < $1.key }.map { platform, image in
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
