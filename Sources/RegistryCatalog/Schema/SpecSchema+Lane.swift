import DeploymentModel
import JSON

extension SpecSchema {
    static let laneShape = SpecShape.item(
        "What is done for an environment, step by step.",
        [
            "name": SpecShape.text("Its name, as the file's."),
            "environment": SpecShape.required(SpecShape.text("The environment that it is about.")),
            "allow_real": SpecShape.flag(
                "Whether its runs may touch the outside world in CI, and in the lane pr at all.", default: false),
            "changed_only": SpecShape.flag(
                "Whether it is about the processors alone that a change touches; it takes a base then.", default: false),
            "steps": SpecShape.required(
                .object([
                    "description": "What it does, in this order; nothing else happens.", "type": ["array"],
                    "minItems": 1, "items": step,
                ])),
        ], required: ["environment", "steps"])

    private static let step: JSONValue = [
        "description": "A step: its name, or its name with options.",
        "anyOf": [
            [
                "enum": .array(
                    LaneStep.Kind.allCases.filter { $0 != .promote }.map { .string($0.rawValue) })
            ],
            [
                "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                "properties": .object(
                    Dictionary(uniqueKeysWithValues: LaneStep.Kind.allCases.map { ($0.rawValue, options(of: $0)) })),
            ],
        ],
    ]

    private static func options(of kind: LaneStep.Kind) -> JSONValue {
        switch kind {
        case .validate: SpecShape.mapping("Judge the registry; an error ends the lane.", [:])
        case .promote:
            SpecShape.item(
                "Take over what another environment has tested.",
                ["from": SpecShape.required(SpecShape.text("The environment that has it."))], required: ["from"])
        case .syncSecrets:
            SpecShape.mapping(
                "Write the secrets whose values are new.",
                [
                    "fail_on_missing": SpecShape.flag(
                        "Fail, before anything is done, when a required secret is neither given nor there.",
                        default: false)
                ])
        case .build:
            SpecShape.mapping(
                "Build what the OCI registry does not have.",
                [
                    "platforms": SpecShape.list(
                        "The platforms; 'host' is this machine's. Default: both.",
                        of: words(LaneStep.BuildPlatform.allCases.map(\.rawValue)))
                ])
        case .push: SpecShape.mapping("Push what was built, and make it what everybody pins.", [:])
        case .pin: SpecShape.mapping("Pin both platforms, or neither.", [:])
        case .smoke:
            SpecShape.mapping(
                "Run in mode mock.",
                [
                    "adapter": SpecShape.word(
                        "In a container of its own on this host, or where it is deployed.",
                        LaneStep.SmokePlace.allCases.map(\.rawValue), default: LaneStep.SmokePlace.local.rawValue),
                    "image": SpecShape.word(
                        "What was built here, or the pinned digest.", LaneStep.SmokeImage.allCases.map(\.rawValue),
                        default: LaneStep.SmokeImage.pinned.rawValue),
                ])
        case .probe:
            SpecShape.mapping("Run in mode real without secrets and without a network: it has to refuse.", [:])
        case .deploy: SpecShape.mapping("Deploy by digest.", [:])
        case .record: SpecShape.mapping("Record what is true in git.", [:])
        case .drift:
            SpecShape.mapping(
                "Compare what runs with what should run; a difference fails the lane.",
                ["live": SpecShape.flag("Ask the endpoints, too.", default: false)])
        case .report:
            SpecShape.mapping(
                "Tell what came of it; this is done whatever happened before.",
                [
                    "junit": SpecShape.text("The file that gets the results as JUnit XML."),
                    "summary": SpecShape.flag("Write a summary to where CI shows one.", default: true),
                ])
        }
    }

    private static func words(_ words: [String]) -> JSONValue { ["enum": .array(words.map { .string($0) })] }
}
