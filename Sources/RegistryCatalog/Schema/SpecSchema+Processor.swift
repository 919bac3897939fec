import DeploymentModel
import JSON

extension SpecSchema {
    static let processorShape: JSONValue = {
        var members =
            SpecShape.item("What a processor is, how its image is made, and what callers may rely on.", processorFields)
            .objectValue ?? [:]
        // Older files have the ref in `name`.
        members["anyOf"] = [
            ["required": ["ref"]],
            ["required": ["name"], "properties": ["name": ["pattern": "/"]]],
        ]
        return .object(members)
    }()

    private static let processorFields: [String: JSONValue] = contract.merging(making) { first, _ in first }
        .merging(olderFields) { first, _ in first }

    /// What callers rely on: once it is deployed to staging or main, a change of it comes as the next version.
    private static let contract: [String: JSONValue] = [
        "ref": SpecShape.required(
            SpecShape.text(
                "The name of this version, ns/name@version. It belongs to the path of the file.",
                pattern: "^[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*@[1-9][0-9]*$")),
        "name": SpecShape.text("A name for people. In older files: the ref."),
        "description": description,
        "enabled": SpecShape.flag("false lists the processor, but leaves it out of every plan.", default: true),
        "secrets": secrets,
        "api": SpecShape.mapping(
            "How the container is spoken to.",
            [
                "protocol": SpecShape.word(
                    "ws: WebSocket with the subprotocol theory.run.v1. http: POST /run, and POST /run-stream with events.",
                    ["ws", "http"], default: "ws"),
                "path": SpecShape.text("Where runs are asked for.", pattern: "^/", default: "/run"),
                "healthz": SpecShape.text("Answers 200 and {\"ok\":true}.", pattern: "^/", default: "/healthz"),
                "dialect": SpecShape.word(
                    "request: the frames Request, Ack and Response in place of RunOpen, Ack and RunResult.",
                    ["request", "standard"], default: "standard"),
            ]),
        "inputs": field(
            ["object", "null"],
            """
            A JSON Schema (2020-12, or draft-07 with its $schema) of the inputs. Its first example is what the smoke test \
            sends, unless 'smoke' says otherwise. {$ref: media.metadata@1} names a schema of this registry.
            """),
        "outputs": outputs,
        "predicates": predicates,
        "smoke": SpecShape.mapping(
            "The test of every image before it counts as deployed: one run with mode=mock.",
            [
                "inputs": SpecShape.any("What is sent. Default: the first example of 'inputs'."),
                "expect": SpecShape.any("A JSON Schema of the envelope that comes back."),
                "startup_s": SpecShape.integer(
                    "How long its server may take to become healthy, in seconds.", from: 1, to: 3600, default: 15),
            ]),
        "prompt": promptID,
        "prompts": SpecShape.list(
            "Ids of prompts of this registry.", of: ["type": "string", "pattern": .string(idPattern)]),
    ]

    private static let outputs: JSONValue = [
        "description":
            "What a run writes: a list of files below its write prefix, or a JSON Schema of the envelope's outputs.",
        "anyOf": [
            [
                "type": "array",
                "items": SpecShape.item(
                    "One file that every run writes.",
                    [
                        "path": SpecShape.required(
                            SpecShape.text("Relative to the write prefix of the run, for example text/answer.txt.")),
                        "mime": SpecShape.text("Its media type, for example application/json."),
                        "schema_ref": SpecShape.text("The id of a schema that it follows.", pattern: idPattern),
                    ], required: ["path"]),
            ],
            SpecShape.older(
                SpecShape.item(
                    "Prefixes below which it writes.",
                    [
                        "writes": SpecShape.list(
                            "World paths.", of: SpecShape.item("", ["prefix": SpecShape.text("A world path.")]))
                    ], required: ["writes"]), "list the files."),
            ["type": "object", "not": ["required": ["writes"]]],
            ["type": "null"],
        ],
    ]

    /// How the image comes to be and how much it may use.
    private static let making: [String: JSONValue] = [
        "image": SpecShape.mapping("The image, and what it is pinned to.", imageFields),
        "build": build,
        "runtime": SpecShape.mapping("How much a run may use.", runtime),
    ]

    private static let imageFields: [String: JSONValue] = [
        "platforms": SpecShape.mapping(
            "The pins. Pinion writes them; until then they say sha256:pending. Only repository@sha256:<64 hex> is a pin.",
            [
                "amd64": SpecShape.text("The image for linux/amd64.", default: "sha256:pending"),
                "arm64": SpecShape.text("The image for linux/arm64.", default: "sha256:pending"),
            ]),
        "default_platform": SpecShape.word(
            "The platform of targets that have no own.",
            [
                "amd64", "arm64", "linux/amd64", "linux/arm64", "x86_64", "aarch64", "linux/x86_64", "linux/aarch64",
                "linux/arm64/v8",
            ]),
        "track": SpecShape.text(
            "In place of 'build': a tag that somebody else moves. What it stands for is pinned per platform."),
        "repository": SpecShape.text("Where the image is pushed to, in place of the environment's own choice."),
        "oci": SpecShape.older(SpecShape.text("One pin, perhaps with its tag."), "write image.platforms."),
        "build": SpecShape.older(build, "write 'build' at the top."),
        "dockerfile": SpecShape.older(SpecShape.text("The Dockerfile."), "write build.dockerfile."),
    ]

    private static let build = SpecShape.mapping(
        "How the image is built, from the commit and never from a working tree.",
        [
            "context": SpecShape.text(
                "The folder that the build sees, relative to this file; // at its start names the repository's root.",
                default: "."),
            "dockerfile": SpecShape.text("The Dockerfile, relative to the context.", default: "Dockerfile"),
            "args": SpecShape.open(
                "Build arguments (ARG). No secret belongs here.",
                of: ["type": ["string", "number", "boolean", "null"]]),
            "target": SpecShape.text("The stage that is built. Default: the last."),
            "cache": SpecShape.mapping(
                "Where buildx keeps steps for builds elsewhere; it does not decide the image.",
                [
                    "from": SpecShape.list(
                        "Where cached steps come from: type=registry,ref=…", of: ["type": "string"]),
                    "to": SpecShape.list("Where cached steps go.", of: ["type": "string"]),
                ]),
            "secrets": SpecShape.list(
                "Names of environment variables whose values the Dockerfile mounts as secrets of these ids (buildx).",
                of: ["type": "string"]),
            "attestations": SpecShape.list(
                "Statements that travel beside the image (buildx).", of: ["enum": ["provenance", "sbom"]]),
            "port": SpecShape.integer(
                "The port that its server listens on inside the container.", from: 1, to: 65_535, default: 8000),
            "tag": SpecShape.older(SpecShape.any("Ignored."), "remove it; images are pushed by digest."),
        ])

    private static let runtime: [String: JSONValue] = [
        "cpu": SpecShape.number("CPUs, for example 0.5.", to: 4096, default: 1),
        "memory_gb": SpecShape.number("Memory in GiB.", to: 4096, default: 1),
        "timeout_s": SpecShape.integer(
            "The longest that one run may take, in seconds.", from: 1, to: 86_400, default: 600),
        "gpu": [
            "description": "The type of GPU, for example T4; null for none.", "default": .null,
            "anyOf": [["type": ["string", "null"]], ["const": false]],
        ],
        "scaling": SpecShape.mapping(
            "How many containers it has on Modal; what is left out is Modal's choice.",
            [
                "min_containers": SpecShape.integer("Containers that are always there.", from: 0, to: 10_000),
                "max_containers": SpecShape.integer("Containers at most.", from: 1, to: 10_000),
                "buffer_containers": SpecShape.integer("Idle containers while it is busy.", from: 0, to: 10_000),
                "scaledown_s": SpecShape.integer("How long an idle container stays, in seconds.", from: 2, to: 3600),
                "max_inputs": SpecShape.integer("Runs that one container takes at a time.", from: 1, to: 1000),
            ]),
        "public": SpecShape.flag("Whether its endpoint on Modal answers without proxy keys.", default: false),
        "memory": SpecShape.older(
            [
                "description": "Megabytes, or a size with its unit: 2Gi.", "type": ["integer", "string", "null"],
                "minimum": 1, "pattern": "^0*[1-9][0-9]*(M|MB|Mi|MiB|G|GB|Gi|GiB)?$",
            ], "write memory_gb."),
        "timeout": SpecShape.older(
            [
                "description": "Seconds, or a duration with its unit: 10m.", "type": ["integer", "string", "null"],
                "minimum": 1, "maximum": 86_400, "pattern": "^0*[1-9][0-9]*[smh]?$",
            ], "write timeout_s."),
    ]

    private static let olderFields: [String: JSONValue] = [
        "version": SpecShape.older(
            field(["integer", "string", "null"], "The version."), "the ref has it."),
        "entrypoint": SpecShape.older(
            SpecShape.mapping(
                "Ignored.",
                [
                    "cmd": SpecShape.any("Ignored."), "command": SpecShape.any("Ignored."),
                    "args": SpecShape.any("Ignored."),
                ]), "remove it; the image's own entrypoint starts its server."),
        "adapter": SpecShape.older(
            SpecShape.mapping(
                "Limits for one adapter.",
                [
                    "modal": SpecShape.mapping(
                        "Limits for Modal.",
                        runtime.merging(olderOfModal) { first, _ in first }),
                    "local": SpecShape.any("Ignored."),
                ]), "write 'runtime'."),
        "policy": SpecShape.older(
            SpecShape.any("Ignored."), "policies are files of their own below registry/policies."),
        "$schema": SpecShape.any("The JSON Schema of this file, for editors."),
        "$Schema": SpecShape.older(SpecShape.any("Ignored."), "write $schema."),
        "$shema": SpecShape.older(SpecShape.any("Ignored."), "write $schema."),
        "$scheme": SpecShape.older(SpecShape.any("Ignored."), "write $schema."),
        "schema": SpecShape.older(SpecShape.any("Ignored."), "remove it."),
    ]

    private static let olderOfModal: [String: JSONValue] = [
        "secrets": SpecShape.any("Ignored."), "function": SpecShape.any("Ignored."),
        "app": SpecShape.any("Ignored."), "region": SpecShape.any("Ignored."),
        "concurrency": SpecShape.integer("As scaling.max_inputs.", from: 1, to: 1000),
        "allow_concurrent_inputs": SpecShape.integer("As scaling.max_inputs.", from: 1, to: 1000),
    ]

    private static func field(_ types: [JSONValue], _ description: String) -> JSONValue {
        ["type": .array(types), "description": .string(description)]
    }
}
