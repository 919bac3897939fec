package import DeploymentModel
import YAML

extension Catalog {
    /// What is to be said of the pins of all processors: missing ones as notes, wrong ones as errors. A run that pins has no
    /// use for it; a reviewer has.
    package func pinDiagnostics() -> [Diagnostic] {
        processors.flatMap { $0.pinDiagnostics() }.sorted()
    }
}

extension ProcessorSpec {
    func pinDiagnostics() -> [Diagnostic] {
        var findings = PinFindings(self)
        findings.look()
        return findings.diagnostics
    }
}

private struct PinFindings {
    let spec: ProcessorSpec
    var diagnostics: [Diagnostic] = []

    init(_ spec: ProcessorSpec) { self.spec = spec }

    mutating func look() {
        let slots = spec.image.slots.sorted { $0.key < $1.key }
        let pins = slots.map { $0.value.pin }
        for ((platform, slot), pin) in zip(slots, pins) where pin == nil && !slot.isPlaceholder {
            wrong(platform, slot)
        }
        if slots.isEmpty, let single = spec.image.single { older(single) }
        let pinned = zip(slots, pins).filter { $1 != nil }.map { $0.0 }
        if pinned.count == 1, let (platform, slot) = pinned.first {
            let other: Platform = platform == .amd64 ? .arm64 : .amd64
            add(
                .error, "\(platform) is pinned and \(other) is not: both come from the same build, or neither does",
                slot.span,
                fix: "pin both: pinion reconcile")
        } else if pinned.isEmpty, slots.allSatisfy({ $0.value.isPlaceholder }), let slot = slots.first?.value {
            add(.note, "\(spec.ref) is not pinned yet", slot.span, fix: "pin it: pinion reconcile")
        } else if slots.isEmpty, spec.image.single == nil, spec.build != nil || spec.image.track != nil {
            add(
                .warning, "\(spec.ref) has no place for its pins", nil,
                fix: "add image.platforms with 'amd64: sha256:pending' and 'arm64: sha256:pending'")
        }
        let repositories = Set(pins.compactMap { $0?.repository })
        if repositories.count > 1, let slot = pinned.last?.value {
            add(
                .error, "the pins are in two repositories, \(repositories.sorted().joined(separator: " and "))",
                slot.span,
                fix: "pin both in one")
        }
    }

    private mutating func wrong(_ platform: Platform, _ slot: PinSlot) {
        let what = slot.reference.map { $0.digest == nil ? "a tag" : "a digest with a tag" } ?? "no image reference"
        add(
            .error, "\(platform) is \(what), not a digest", slot.span,
            fix: "a tag can change under a deployment; pin it: pinion reconcile")
    }

    private mutating func older(_ slot: PinSlot) {
        let isPin = slot.reference?.digest != nil
        add(
            isPin || slot.isPlaceholder ? .warning : .error,
            isPin
                ? "'image.oci' pins one platform alone"
                : "'image.oci' is \(slot.isPlaceholder ? "not pinned" : "a tag")",
            slot.span, fix: "pin both platforms in image.platforms")
    }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ message: String, _ span: SourceSpan?, fix: String
    ) {
        diagnostics.append(Diagnostic(severity, .imageUnpinned, message, file: spec.path, at: span, fix: fix))
    }
}
