/// One processor of a generated registry. Its number and revision say everything about it.
struct GeneratedProcessor {
    let number: Int
    /// How often its pins have changed.
    var revision = 0
    /// Added by a person who changed nothing but a comment.
    var remark: String?

    private static let subjects = [
        "text", "media", "audio", "image", "llm", "video", "table", "geo", "mail", "code", "graph", "web",
    ]
    private static let verbs = [
        "split", "join", "hash", "rank", "clean", "trim", "score", "merge", "index", "embed", "detect", "align",
        "shrink", "render", "answer", "summarise", "translate", "classify", "extract", "convert",
    ]

    var namespace: String { Self.subjects[number % Self.subjects.count] + (number < 1200 ? "" : "\(number / 1200)") }
    var name: String { "\(Self.verbs[number / 12 % Self.verbs.count])-\(number)" }
    var ref: String { "\(namespace)/\(name)@1" }

    /// One in four is built from the Dockerfile beside its spec; the images of the others come from elsewhere.
    var isBuilt: Bool { number % 4 == 0 }

    private var slug: String { "\(namespace)_\(name.replacing("-", with: "_"))" }
    private var folder: String { "registry/processors/\(slug)" }

    /// Most have a folder of their own, some are a file in that of their namespace.
    var path: String {
        let isAlone = !isBuilt && number % 5 == 4
        return isAlone ? "registry/processors/\(namespace)/\(name).yaml" : "\(folder)/registry.yaml"
    }

    /// The files of its build, if it has one.
    var sources: [(path: String, text: String)] {
        guard isBuilt else { return [] }
        let dockerfile = """
            FROM python:3.12-slim
            WORKDIR /srv
            COPY requirements.txt handler.py ./
            RUN pip install --no-cache-dir -r requirements.txt
            CMD ["python", "handler.py"]
            """
        let handler = """
            \"\"\"Answers runs of \(ref).\"\"\"


            def handle(inputs):
                return {"seen": sorted(inputs), "number": \(number)}
            """
        return [
            ("\(folder)/Dockerfile", dockerfile + "\n"), ("\(folder)/handler.py", handler + "\n"),
            ("\(folder)/requirements.txt", "uvicorn==0.30.\(number % 7)\n"),
        ]
    }

    var text: String {
        var random = SeededGenerator(seed: UInt64(number))
        var pins = SeededGenerator(seed: UInt64(number) << 20 | UInt64(revision))
        let properties = GeneratedProperty.some(&random)
        let isPinned = revision > 0 || !random.chance(3)
        let image = "ghcr.io/acme/\(namespace)-\(name)"
        let secret = "\(namespace.uppercased())_\(Self.verbs[number % 20].uppercased())_KEY"
        func pin() -> String { isPinned ? "\(image)@sha256:\(pins.hexadecimal(64))" : "sha256:pending" }
        let required = properties.filter(\.isRequired).map(\.name).joined(separator: ", ")
        let example = properties.map { "\($0.name): \($0.example)" }.joined(separator: ", ")
        return """
            # Takes \(properties[0].name) and \(properties[1].name), and gives what \(namespace) has to say of them.
            # Owned by team \(number % 37). A mock run needs neither the network nor the secret.
            ref: \(ref)
            name: "\(name) of \(namespace), the \(number). of its kind"

            image:
              platforms:
                amd64: \(pin())
                arm64: \(pin())
              default_platform: amd64
            \(isBuilt ? "\nbuild:\n  context: .\n  dockerfile: Dockerfile\n  args: {TEAM: \"\(number % 37)\"}\n" : "")
            runtime: {cpu: \(number % 3 + 1), memory_gb: \(1 << (number % 4)), timeout_s: 600, gpu: null}

            secrets:
              required: [\(secret)]
              optional: [\(secret)_BASE]   # another endpoint with the same protocol

            api: {protocol: \(number % 2 == 0 ? "ws" : "http"), path: /run, healthz: /healthz}

            inputs:
              $schema: https://json-schema.org/draft/2020-12/schema
              type: object
              required: [schema, params]
              additionalProperties: false
              properties:
                schema: {const: v1}
                params:
                  type: object
                  additionalProperties: false
                  required: [\(required)]
                  properties:
            \(properties.map { $0.schema(indent: 10) }.joined(separator: "\n"))
              examples:
                - schema: v1
                  params: {\(example)}

            outputs:
              - {path: \(namespace)/result.json, mime: application/json}
              - {path: meta.json, mime: application/json}   # what the run cost

            predicates:
              admission:
                - id: budget.available@1
                  args: {required_usd_micro: \(100 * (number % 50 + 1))}
              success:
                - id: artifact.exists@1
                  args: {path: "${outputs.text_path}"}
            \(schemaPredicate)\(remark.map { "# \($0)\n" } ?? "")
            """
    }

    /// One in ten holds its output to a schema of the registry.
    private var schemaPredicate: String {
        guard number % 10 == 3 else { return "" }
        let schema = "result.kind\(number / 10 % max(1, GeneratedRegistry.schemas(of: number)))@1"
        return """
                - id: json.schema_ok@1
                  args: {path: "${outputs.meta}", schema_ref: \(schema)}

            """
    }
}
