import DeploymentModel
import JSON

extension SpecSchema {
    static let toolShape = SpecShape.item(
        "Something that plans may call.",
        [
            "id": specID, "name": title, "description": description, "prompt": promptID, "predicates": predicates,
            "secrets": secrets,
            "adapter": SpecShape.word("What runs it.", ["local", "modal", "mock", "tool"]),
            "entry_point": SpecShape.required(
                SpecShape.text("What it runs: a file, named from the repository's root, or module.function of Modal.")),
            "inputs": SpecShape.list("Its parameters.", of: parameter),
            "outputs": SpecShape.list("What it gives back.", of: parameter),
            "timeout_s": SpecShape.integer("The longest that a call may take, in seconds.", from: 1, to: 86_400),
        ], required: ["id", "entry_point"])

    private static let parameter = SpecShape.item(
        "One value.",
        [
            "name": SpecShape.required(SpecShape.text("Its name.")),
            "type": SpecShape.word("Its type.", types),
            "required": SpecShape.flag("Whether it has to be given.", default: false),
            "default": SpecShape.any("What it is when it is not given."),
            "description": SpecShape.any("What it means."),
            "enum": SpecShape.any("The values that it may have."),
        ], required: ["name"])

    static let schemaShape = SpecShape.item(
        "A JSON Schema that specs name by its id.",
        [
            "id": specID, "name": title, "description": description,
            "schema": [
                "description": "A JSON Schema (2020-12, or draft-07 with its $schema).", "type": ["object", "boolean"],
            ],
        ], required: ["id", "schema"])

    static let policyShape = SpecShape.item(
        "Limits that every plan and run of this registry keeps to.",
        [
            "id": specID, "name": title, "description": description,
            "budget": SpecShape.mapping(
                "What a plan may cost.",
                [
                    "max_usd_micro": SpecShape.integer(
                        "The most that one plan may admit, in millionths of a dollar.", from: 0)
                ]),
            "retry": SpecShape.mapping(
                "How actions are retried.",
                [
                    "max_attempts": SpecShape.integer("Attempts in all, the first one too.", from: 1, to: 100),
                    "backoff_ms": SpecShape.list(
                        "The pause before each further attempt, in milliseconds.",
                        of: ["type": "integer", "minimum": 0]),
                ]),
            "leases": SpecShape.mapping(
                "How leases are held.",
                [
                    "default_ttl_s": SpecShape.integer("How long a lease lasts, in seconds.", from: 1, to: 604_800),
                    "enable_path_leases": SpecShape.flag("Lock the prefix that a run writes below."),
                ]),
            "immutable": SpecShape.word(
                "What of a published version stays as it is: what callers rely on, or all of its spec.",
                ["contract", "all"], default: "contract"),
        ], required: ["id"])

    static let promptShape = SpecShape.item(
        "A prompt with variables.",
        [
            "id": specID, "name": title, "description": description,
            "variables": SpecShape.open(
                "The variables by name; {{name}} in the template stands for one.", of: variable),
            "template": template,
            "model": SpecShape.mapping(
                "Defaults for the model.",
                [
                    "default": SpecShape.text("The model's name."),
                    "temperature": SpecShape.number("How much chance there is in the answer."),
                    "max_tokens": SpecShape.integer("The longest answer.", from: 1, to: 10_000_000),
                    "top_p": SpecShape.any("The share of likely tokens that is considered."),
                    "stop": SpecShape.any("Where the answer ends."), "seed": SpecShape.any("For repeatable answers."),
                ]),
        ], required: ["id", "template"])

    private static let variable = SpecShape.item(
        "One variable.",
        [
            "type": SpecShape.word("Its type.", types),
            "required": SpecShape.flag("Whether it has to be given.", default: false),
            "default": SpecShape.any("What it is when it is not given."),
            "description": SpecShape.any("What it means."), "enum": SpecShape.any("The values that it may have."),
            "minimum": SpecShape.any("The smallest."), "maximum": SpecShape.any("The largest."),
            "min_length": SpecShape.any("The shortest."), "max_length": SpecShape.any("The longest."),
        ])

    private static let template: JSONValue = [
        "description": "A text, or messages with roles.",
        "anyOf": [
            ["type": "string"],
            [
                "type": "array",
                "items": SpecShape.item(
                    "A message.",
                    [
                        "role": SpecShape.required(SpecShape.word("Who says it.", ["system", "user", "assistant"])),
                        "content": SpecShape.required(SpecShape.text("What is said.")),
                    ], required: ["role", "content"]),
            ],
        ],
    ]

    static let environmentsShape = SpecShape.item(
        "Where processors run.",
        [
            "environments": SpecShape.required(
                SpecShape.open("The environments by name; 'local' is there even without an entry.", of: environment))
        ], required: ["environments"])

    private static let environment = SpecShape.item(
        "One environment.",
        [
            "target": SpecShape.word(
                "What runs its processors.", Target.allCases.map(\.rawValue), default: Target.docker.rawValue),
            "registry": SpecShape.text(
                "The OCI registry, and the path in it, below which images are pushed: ghcr.io/acme.",
                default: .string(EnvironmentSpec.standardLocal.registry)),
            "pins": SpecShape.word(
                "Where digests are pinned: on the branch, on pinion/pins/<branch>, or in the environment's record.",
                PinMode.allCases.map(\.rawValue)),
            "branch": SpecShape.text("The branch that is read, where none is named: its tip is what is wanted."),
            "modal_environment": SpecShape.text("Its name on Modal. Default: the same name."),
            "app_names": SpecShape.word(
                "How apps on Modal are named: by branch, user and ref (the default of 'dev'), or by the ref alone.",
                EnvironmentSpec.AppNames.allCases.map(\.rawValue)),
            "promotes_from": SpecShape.text(
                "The environment whose tested revisions it takes over, in place of a branch."),
            "gates": SpecShape.mapping(
                "What a revision has to show before it is promoted to here.",
                [
                    "evidence": SpecShape.list(
                        "The tests that it has passed: modal/mock, local/mock, local/probe. Default: the mock smoke where it is to run.",
                        of: ["type": "string", "enum": ["modal/mock", "local/mock", "local/probe", "modal/probe"]]),
                    "max_age": SpecShape.text("How old that may be: 24h, 3d.", pattern: "^[1-9][0-9]*[smhd]$"),
                    "approvals": SpecShape.integer(
                        "How many people have to have approved it.", from: 0, to: 100, default: 0),
                    "allowed_signers": SpecShape.text(
                        "The file of the keys that approvals are signed with.", default: ".pinion/allowed_signers"),
                ]),
            "prune": SpecShape.flag("Whether --prune may stop apps that no spec asks for.", default: false),
        ])
}
