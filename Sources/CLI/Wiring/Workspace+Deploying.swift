import DeploymentModel
import RegistryCatalog

extension Workspace {
    /// The same with what is pinned as it is, so that nothing is built and nothing pinned.
    ///
    /// - Parameters:
    ///   - refs: these alone; `nil` for all.
    ///   - pins: the pins that count by ref, where they are not those of the specs.
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is no such ref.
    func deploying(
        _ refs: [ProcessorRef]?, pins: [ProcessorRef: [Platform: ImageReference]]
    ) throws(Failure) -> Workspace {
        let known = Set(desired.processors.map(\.ref))
        for ref in refs ?? [] where !known.contains(ref) {
            throw Failure(
                .functionNotFound, "the registry has no \(ref) without errors",
                remedy: known.isEmpty
                    ? "See what there is with: pinion validate"
                    : "There is: \(known.sorted().map(\.description).joined(separator: ", ")).")
        }
        let processors = desired.processors.filter { refs?.contains($0.ref) ?? true }.map { wanted in
            var processor = wanted.processor
            processor.pins = pins[wanted.ref] ?? processor.pins
            return DesiredProcessor(
                processor, specPath: wanted.specPath, source: source(of: wanted, processor.pins),
                function: wanted.function, isHeld: wanted.isHeld)
        }
        var workspace = self
        workspace.desired.pinMode = .commit
        workspace.desired.processors = processors
        // What is left out here is wanted all the same.
        workspace.desired.isComplete = desired.isComplete && refs == nil
        return workspace
    }

    /// The same with these processors alone; none for all.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` for one that is not wanted there.
    func wanting(_ refs: [ProcessorRef]) throws(Failure) -> Workspace {
        guard !refs.isEmpty else { return self }
        let known = Set(desired.processors.map(\.ref))
        let missing = Set(refs).subtracting(known).sorted()
        guard missing.isEmpty else {
            throw Failure(
                .functionNotFound,
                "'\(desired.environment)' wants no \(missing.map(\.description).joined(separator: ", "))",
                remedy: Suggestion.text(for: missing[0].description, among: known.sorted().map(\.description)))
        }
        return wanting { refs.contains($0) }
    }

    /// The same with some of its processors. What is left out is wanted all the same.
    func wanting(_ isWanted: (ProcessorRef) -> Bool) -> Workspace {
        var workspace = self
        workspace.desired.processors.removeAll { !isWanted($0.ref) }
        workspace.desired.isComplete = false
        return workspace
    }

    /// The pins, with the input keys that they are known to be of.
    private func source(of wanted: DesiredProcessor, _ pins: [Platform: ImageReference]) -> ImageSource {
        guard let recorded = records[wanted.ref]?.desired, recorded.pins == pins,
            recorded.specHash == wanted.processor.specHash
        else { return .pinned }
        return .recorded(recorded)
    }
}
