import DeploymentModel

extension Planner {
    /// An item on its way: what every target has in common.
    struct Draft {
        let processor: DesiredProcessor
        let previous: RefRecord?
        private let platform: Platform
        private let branchCommit: String
        private let sources: Sources
        private let pin: PinAction?
        var reasons: [String] = []
        var smoke: SmokeAction?
        var probe: SmokeAction?
        var deploy: DeployAction?
        var rollover: RolloverAction?
        var deployedSmoke: SmokeAction?
        var containers: [ObservedContainer] = []
        var remove: [RemoveAction] = []
        /// What runs already and is kept.
        var binding: RefRecord.Binding?

        init(_ processor: DesiredProcessor, _ planner: Planner) throws(Failure) {
            self.processor = processor
            platform = planner.platform
            branchCommit = planner.desired.commit
            previous = planner.observed.records[processor.ref]
            sources = try planner.images(of: processor, previous: previous, &reasons)
            let mode = planner.desired.pinMode
            let pins = mode == .record ? previous?.desired.pins ?? [:] : processor.pins
            let isPinned = sources.missing.isEmpty && pins == sources.images
            let hasOwnPins =
                switch processor.source {
                case .build, .track: false
                case .pinned: mode != .record
                // The record has them already, and the branch is not asked.
                case .recorded: true
                }
            guard !isPinned, !hasOwnPins else {
                pin = nil
                return
            }
            pin = PinAction(mode: mode, specPath: processor.specPath, from: pins)
            if sources.missing.isEmpty { reasons.append(Planner.pinReason(pins, sources.images)) }
        }

        /// The image to deploy; `nil` when it has to be built first.
        var image: ImageReference? { sources.images[platform] }
        /// Claims that nothing has to be built.
        var isBuilt: Bool { sources.missing.isEmpty }

        /// Asks for the mock smoke in a container of its own, unless this image has passed it.
        mutating func wantSmoke() {
            guard !hasEvidence(adapter: "local", mode: "mock") else { return }
            smoke = SmokeAction(platform: platform)
            if deploy == nil { reasons.append("its mock smoke has not been passed with this image and spec") }
        }

        func hasEvidence(adapter: String, mode: String) -> Bool {
            previous?.evidence.contains {
                $0.digest == image?.digest && $0.platform == platform
                    && $0.specHash == processor.processor.specHash && $0.adapter == adapter && $0.mode == mode
            } == true
        }

        private var keys: [Platform: InputKey] {
            switch processor.source {
            case .build(let recipe): recipe.keys
            case .recorded(let revision): revision.keys
            case .track: [:]
            // What is deployed as it was pinned has the inputs that it was pinned for.
            case .pinned: previous?.desired.pins == sources.images ? previous?.desired.keys ?? [:] : [:]
            }
        }

        private var commit: String {
            if case .recorded(let revision) = processor.source { revision.commit } else { branchCommit }
        }

        private var hold: RefRecord.Hold? { processor.isHeld ? previous?.hold : nil }

        private var isRecorded: Bool {
            let revision = RefRecord.Revision(
                commit: commit, specHash: processor.processor.specHash, pins: sources.images, keys: keys)
            return isBuilt && previous?.applied.map(revision.isSame) == true
                && previous.map { revision.isSame(as: $0.desired) && $0.binding == binding && $0.hold == hold } == true
        }

        /// `nil` when there is nothing to do.
        var item: PlanItem? {
            let isIdle =
                pin == nil && smoke == nil && probe == nil && deploy == nil && rollover == nil && deployedSmoke == nil
                && remove.isEmpty
            guard !(isRecorded && isIdle) else { return nil }
            let reasons = self.reasons.isEmpty ? ["its record is not up to date"] : self.reasons
            let record = RecordAction(
                commit: commit, specHash: processor.processor.specHash, keys: keys, binding: binding,
                previous: previous, hold: hold)
            return PlanItem(
                ref: processor.ref, processor: processor.processor, reasons: reasons, builds: sources.missing,
                replaces: sources.replaced, recipe: sources.recipe, images: sources.images, pin: pin, smoke: smoke,
                probe: probe, deploy: deploy, rollover: rollover, deployedSmoke: deployedSmoke,
                containers: containers, remove: remove, record: record)
        }
    }
}
