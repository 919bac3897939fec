import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

/// Environments of `pipelines/environments.yaml`, and what they call their apps.
@Suite(.tags(.medium))
struct EnvironmentTests {
    private func catalog(_ environments: String, _ more: [String: String] = [:]) async throws -> Catalog {
        let files = more.merging(["pipelines/environments.yaml": environments]) { $1 }
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    @Test func `an environment on Modal says what it needs, and the rest has defaults`() async throws {
        let catalog = try await catalog(
            """
            environments:
              dev: {target: modal, registry: ghcr.io/acme}
              staging:
                target: modal
                registry: ghcr.io/acme
                pins: branch
                branch: main
                modal_environment: acme-staging
                app_names: branch-user
                prune: true
            """)
        #expect(catalog.diagnostics == [])
        #expect(
            catalog.environment(named: "dev")
                == EnvironmentSpec(
                    name: "dev", target: .modal, registry: "ghcr.io/acme", pins: .commit, modalEnvironment: "dev",
                    appNames: .branchUser))
        #expect(
            catalog.environment(named: "staging")
                == EnvironmentSpec(
                    name: "staging", target: .modal, registry: "ghcr.io/acme", pins: .branch, branch: "main",
                    modalEnvironment: "acme-staging", appNames: .branchUser, allowsPrune: true))
    }

    @Test func `all that is wrong is said at once, with its place and a remedy`() async throws {
        let catalog = try await catalog(
            """
            environments:
              local: {target: modal}
              Staging: {target: moda}
              dev: {target: docker, prune: true, app_names: users}
            """)
        let found = catalog.diagnostics.map { "\($0.line ?? 0) \($0.message)" }
        #expect(
            found == [
                "2 'local' is Docker on this host and nothing else",
                "3 'Staging' is no name for an environment",
                "3 'environments.Staging.target' is 'moda', it should be one of: docker, modal",
                "4 'environments.dev.prune' is for environments on Modal",
                "4 'environments.dev.app_names' is 'users', it should be one of: branch-user, ref",
                "4 'environments.dev.app_names' is for environments on Modal",
            ])
        #expect(catalog.diagnostics.allSatisfy { $0.fix != nil || $0.message.contains("one of") })
        #expect(catalog.diagnostics[2].fix == "did you mean 'modal'?")
    }

    @Test func `two environments can't have one place on Modal for their apps`() async throws {
        let catalog = try await catalog(
            """
            environments:
              staging: {target: modal, modal_environment: shared}
              main: {target: modal, modal_environment: shared}
              dev: {target: modal, modal_environment: shared}
            """)
        #expect(catalog.diagnostics.map(\.code) == [.nameCollision])
        #expect(catalog.diagnostics.first?.line == 3)
    }

    @Test func `scaling and access of a spec are read, older spellings too`() async throws {
        let files = [
            "registry/processors/a_new.yaml": """
            ref: a/new@1
            runtime:
              scaling: {min_containers: 1, max_containers: 4, buffer_containers: 2, scaledown_s: 90, max_inputs: 8}
              public: true
            """,
            "registry/processors/a_old.yaml": """
            ref: a/old@1
            adapter: {modal: {concurrency: 16, timeout: 10m}}
            """,
            "registry/processors/a_wrong.yaml": """
            ref: a/wrong@1
            runtime: {scaling: {min_containers: 5, max_containers: 4}}
            """,
        ]
        let catalog = try await catalog("environments: {}\n", files)
        let limits = catalog.processors.map(\.runtime)
        #expect(
            limits.first?.scaling
                == ScalingLimits(
                    minContainers: 1, maxContainers: 4, bufferContainers: 2, scaledownSeconds: 90, maxInputs: 8))
        #expect(limits.map(\.isPublic) == [true, false])
        #expect(limits.last?.scaling == ScalingLimits(maxInputs: 16))
        let errors = catalog.diagnostics.filter { $0.severity == .error }.map(\.message)
        #expect(errors == ["'runtime.scaling.min_containers' is more than max_containers"])
    }

    private func names(
        _ variables: [String: String], branch: String? = "feat/Über  x", user: String? = "Ada L.",
        appNames: EnvironmentSpec.AppNames = .branchUser
    ) throws -> AppNaming {
        let spec = EnvironmentSpec(
            name: "dev", target: .modal, registry: "ghcr.io/acme", pins: .record, appNames: appNames)
        return try AppNaming(spec, variables: variables, branch: branch, user: user)
    }

    @Test(arguments: [
        ([:], "feat-ber-x-ada-l--llm-litellm-v1"),
        (["GIT_BRANCH": "feat/test", "GIT_USER": "veyorokon"], "feat-test-veyorokon-llm-litellm-v1"),
        (["GITHUB_HEAD_REF": "a", "GITHUB_REF_NAME": "b", "GITHUB_ACTOR": "c"], "a-c-llm-litellm-v1"),
        (["GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": "b", "GITHUB_ACTOR": "c"], "b-c-llm-litellm-v1"),
        (["CI_COMMIT_REF_NAME": "b", "GITLAB_USER_LOGIN": "c"], "b-c-llm-litellm-v1"),
        (["MODAL_APP_NAME": "My App"], "my-app"),
    ])
    func `an app of dev is named by branch, user and ref`(variables: [String: String], app: String) throws {
        let ref = try ProcessorRef("llm/litellm@1")
        #expect(try names(variables).name(of: ref).app == app)
    }

    @Test func `other environments name it by the ref alone, and the function always`() throws {
        let name = try names([:], branch: nil, user: nil, appNames: .ref).name(of: ProcessorRef("llm/lite_llm-x@2"))
        #expect(name == FunctionName(app: "llm-lite-llm-x-v2", function: "exec__llm_lite_llm_x__v2"))
    }

    @Test func `nobody is guessed`() {
        let failure = #expect(throws: Failure.self) { try names([:], user: nil) }
        #expect(failure?.code == .spec)
        #expect(failure?.remedy == "Set GIT_USER, or git config user.name.")
        #expect(throws: Failure.self) { try names([:], branch: "///") }
    }

    @Test func `a name that is too long is cut and stays one of its own`() throws {
        let long = String(repeating: "x", count: 70)
        let names = try names(["GIT_BRANCH": long, "GIT_USER": "ada"])
        let one = names.name(of: try ProcessorRef("llm/litellm@1")).app
        let two = names.name(of: try ProcessorRef("llm/litellm@2")).app
        #expect(one.utf8.count == 64 && two.utf8.count == 64 && one != two)
        #expect(one.prefix(55) == long.prefix(55) && one.dropFirst(55).first == "-")
        #expect(one.suffix(8).allSatisfy { $0.isHexDigit })
        let function = names.name(of: try ProcessorRef("llm/\(long)@1")).function
        #expect(function.utf8.count == 64 && function.hasPrefix("exec__llm_xxx"))
    }

    @Test func `one app can't be two processors`() throws {
        let names = try names(["MODAL_APP_NAME": "mine"])
        let refs = [try ProcessorRef("a/b@1"), try ProcessorRef("a/c@1")]
        let failure = #expect(throws: Failure.self) { try names.check(refs) }
        #expect(failure?.code == .nameCollision)
        try names.check([refs[0]])
        #expect(names.owner(of: app("mine", "exec__a_b__v1")) == .environment)
        #expect(names.owner(of: app("a-b-v1", "exec__a_b__v1")) == .others)
    }

    @Test func `apps of others in the same environment are theirs`() throws {
        let names = try names(["GIT_BRANCH": "main", "GIT_USER": "ada"])
        let function = "exec__llm_lite_llm__v12"
        #expect(names.owner(of: app("main-ada-llm-lite-llm-v12", function)) == .environment)
        #expect(names.owner(of: app("main-bob-llm-lite-llm-v12", function)) == .others)
        #expect(names.owner(of: app("main-ada-b-llm-lite-llm-v12", function)) == .others, "this is the user ada-b")
        #expect(names.owner(of: app("main-ada-web", "web")) == .others)
        let all = try self.names([:], appNames: .ref)
        #expect(all.owner(of: app("llm-lite-llm-v12", function)) == .environment)
        #expect(all.owner(of: app("main-ada-llm-lite-llm-v12", function)) == .unknown, "one of dev, in the same place")
    }

    @Test func `an app whose name had to be cut is known again`() throws {
        let names = try names(["GIT_BRANCH": String(repeating: "x", count: 70), "GIT_USER": "ada"])
        let name = names.name(of: try ProcessorRef("llm/litellm@1"))
        #expect(names.owner(of: app(name.app, name.function)) == .environment)
        #expect(names.owner(of: app(name.app, "exec__llm_litellm__v2")) == .others)
    }

    private func app(_ name: String, _ function: String) -> ObservedApp {
        let observed = ObservedFunction(
            name: function, imageID: "im-1", boundImageID: nil, cpu: nil, memoryMB: nil, gpu: [], timeoutSeconds: nil,
            scaling: ScalingLimits(), secrets: [], url: nil, requiresProxyAuth: nil)
        return ObservedApp(
            name: name, version: 1, deployedAt: nil, deployedBy: nil, tags: [:], functions: [observed])
    }
}
