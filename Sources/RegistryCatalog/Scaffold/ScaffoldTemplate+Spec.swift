import DeploymentModel

extension ScaffoldTemplate {
    /// `registry.yaml`.
    static func spec(
        _ ref: ProcessorRef, _ transport: ProcessorAPI.Transport, _ arguments: [(name: String, image: String)]
    ) -> String {
        let args = arguments.map { "\n    \($0.name): \($0.image)" }.joined()
        return """
            \(SpecSchema.processor.modeline(folder: "../.."))
            # What \(ref) is for, in a sentence.
            ref: \(ref)
            name: "\(ref.name)"

            image:
              platforms:                 # pinned by Pinion
                amd64: sha256:pending
                arm64: sha256:pending
              default_platform: amd64

            build:
              context: .
              dockerfile: Dockerfile\(args.isEmpty ? "" : "\n  args:" + args)
              port: 8000

            runtime: {cpu: 1, memory_gb: 1, timeout_s: 60, gpu: null}

            # Names alone; values come from the environment of whoever deploys. app/processor.py lists them too.
            secrets: {required: [], optional: []}

            api: {protocol: \(transport.rawValue), path: /run, healthz: /healthz}

            inputs:
              $schema: https://json-schema.org/draft/2020-12/schema
              type: object
              required: [schema, params]
              additionalProperties: false
              properties:
                schema: {const: v1}
                params:
                  type: object
                  required: [text]
                  additionalProperties: false
                  properties:
                    text: {type: string, description: The text that is answered.}
              examples:
                - schema: v1
                  params: {text: "hello"}

            outputs:
              - {path: result.json, mime: application/json}

            predicates:
              success:
                - id: artifact.exists@1
                  args: {path: "${outputs.result_path}"}

            smoke:
              inputs:
                schema: v1
                params: {text: "hello"}
              expect:
                properties:
                  status: {const: success}
                  outputs: {minItems: 1, maxItems: 1}
                required: [outputs]

            """
    }
}
