import DeploymentModel

extension ScaffoldTemplate {
    /// A lane of a new repository.
    struct Lane {
        let name: String
        let environment: String
        /// What the environment has to run on.
        let target: Target
        let text: String
    }

    /// `pipelines/environments.yaml`.
    static func environments(_ choices: RepositoryProposal.Choices) -> String {
        let local = """
            \(SpecSchema.environments.modeline(folder: "../registry"))
            # Where processors run. Every environment has a target, an OCI registry and a place for its pins.
            environments:
              # Docker on this host: needs no account. Its images stay on an OCI registry of this host's loopback.
              local:
                target: docker
                registry: 127.0.0.1:5075/local
                # In the environment's record, so that no loopback address is committed by accident.
                pins: record

            """
        guard let registry = choices.registry else { return local }
        return local + """

              # Modal. Apps are called <branch>-<user>-<ref>, so that everybody has their own.
              dev:
                target: modal
                registry: \(registry)
                pins: record
                app_names: branch-user
                prune: true
              staging:
                target: modal
                registry: \(registry)
                pins: commit
                branch: '\(choices.branch.replacing("'", with: "''"))'
              # What staging has tested, and nothing else.
              main:
                target: modal
                registry: \(registry)
                promotes_from: staging
                gates: {evidence: [modal/mock, local/mock], max_age: 3d}

            """
    }

    /// - Parameter registry: names the OCI registry of environments on Modal; `nil` where there are none.
    static func lanes(_ registry: String?) -> [Lane] {
        let head = SpecSchema.lane.modeline(folder: "../registry")
        return [
            Lane(
                name: "pr", environment: "local", target: .docker,
                text: """
                    \(head)
                    # A change: what it touches is built from source for this machine, and tested in containers that have neither
                    # secrets nor a network. Nothing is pushed, pinned, deployed or recorded.
                    name: pr
                    environment: local
                    changed_only: true
                    steps:
                      - validate
                      - build: {platforms: [host]}
                      - smoke: {adapter: local, image: build}
                      - report: {junit: smoke.xml}

                    """),
            Lane(
                name: "local", environment: "local", target: .docker,
                text: """
                    \(head)
                    # The whole way on this host alone: needs Docker and an OCI registry, and no account.
                    name: local
                    environment: local
                    steps:
                      - validate
                      - build
                      - push
                      - pin
                      - smoke
                      - deploy
                      - record
                      - drift
                      - report

                    """),
            Lane(name: "dev", environment: "dev", target: .modal, text: deploying("dev", head, syncs: "sync_secrets")),
            Lane(
                name: "staging", environment: "staging", target: .modal,
                text: deploying("staging", head, syncs: "sync_secrets: {fail_on_missing: true}")),
            Lane(
                name: "main", environment: "main", target: .modal,
                text: """
                    \(head)
                    # What staging has tested is taken over, byte for byte; nothing is built.
                    name: main
                    environment: main
                    steps:
                      - validate
                      - promote: {from: staging}
                      - sync_secrets: {fail_on_missing: true}
                      - smoke: {adapter: local, image: pinned}
                      - probe
                      - deploy
                      - smoke: {adapter: modal}
                      - record
                      - drift: {live: true}
                      - report: {junit: smoke.xml}

                    """),
        ]
    }

    private static func deploying(_ name: String, _ head: String, syncs: String) -> String {
        """
        \(head)
        # From source to what runs on Modal: by digest, tested before and after.
        name: \(name)
        environment: \(name)
        steps:
          - validate
          - \(syncs)
          - build
          - push
          - pin
          - smoke: {adapter: local, image: pinned}
          # In mode real, without its secrets and without a network, it has to refuse.
          - probe
          - deploy
          - smoke: {adapter: modal}
          - record
          - drift: {live: true}
          - report: {junit: smoke.xml}

        """
    }
}
