import ArgumentParser
import DeploymentModel
import Docker
import FoundationEssentials
import Modal
import OCI
import RegistryCatalog

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check what an environment needs, and tell how to mend what is missing.",
        discussion: """
            Engine, buildx, platforms, disks, the OCI registry and the log-in for it, the clock, the git remote and the \
            right to push there; of an environment on Modal Python, SDK, token and environment. Nothing is changed, \
            pushed or pulled. All are looked at at the same time, each for ten seconds at most (Modal: thirty). Exits \
            with 1 where something is wrong; warnings are for you to judge.
            """)

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let report = await report()
            try Output.show(report, asJSON: json, FindingsText(report.findings, style: .standardOutput).text)
            return report.hasErrors ? .failure : .success
        }
    }

    private func report() async -> DoctorReport {
        let looked = await Limited.value(within: .seconds(10)) { [options] () -> Result<RegistrySource, Failure> in
            do throws(Failure) { return .success(try await RegistrySource(options)) } catch { return .failure(error) }
        }
        let source = try? looked?.get()
        var own: [Finding] =
            switch looked {
            case .success(let found):
                [
                    .ok(
                        "repository",
                        "\(RepositoryPlace.shown(options.repo)), \(counted(found.catalog.processors.count, "processor"))"
                    )
                ]
            case .failure(let failure): [.error("repository", failure.message, failure.remedy ?? "git status")]
            case nil: [.error("repository", "\(RepositoryPlace.shown(options.repo)) does not answer", "git ls-remote")]
            }
        let variables = ProcessInfo.processInfo.environment
        var examinations = engineExaminations(variables)
        if let environment = source?.environment {
            examinations.append(registryExamination(environment, variables))
        }
        let git = GitCheck(repo: options.repo, remote: options.remote, variables: variables)
        examinations.append(
            Examination("git remote", remedy: "git remote -v") { await git.findings() })
        if let source, let names = source.names {
            examinations.append(modalExamination(source, names))
        }
        own += await Examination.findings(of: examinations)
        return DoctorReport(
            environment: source?.environment.name, target: source?.environment.target.rawValue, findings: own)
    }

    private func engineExaminations(_ variables: [String: String]) -> [Examination] {
        let engine: Result<DockerEngine, Failure>
        do throws(Failure) { engine = .success(try .ofUser()) } catch { engine = .failure(error) }
        return [
            Examination("engine", remedy: "docker info") { await EngineCheck(engine: engine).findings() },
            Examination("buildx", remedy: "docker buildx ls") {
                let facts = await BuildxFacts.asking()
                // What the engine's own builder lacks then is the engine, which is told of already.
                let isEngineThere = (try? await engine.get().client.version()) != nil
                return facts != nil && facts?.builder == nil && !isEngineThere ? [] : [BuildxCheck.finding(facts)]
            },
            Examination("disk", remedy: "df -h") {
                let client = try? engine.get().client
                let isHere = client.map(EngineCheck.isHere) ?? false
                let facts = isHere ? try? await client?.information() : nil
                return DiskCheck(variables: variables).findings(
                    engine: facts?.isDesktop == false ? facts?.rootFolder : nil)
            },
        ]
    }

    private func registryExamination(_ environment: EnvironmentSpec, _ variables: [String: String]) -> Examination {
        Examination("OCI registry", remedy: "docker login \(environment.registry.prefix { $0 != "/" })") {
            do throws(Failure) {
                let logins = try DockerCredentials.reading(environment: variables)
                return await OCIRegistryCheck(
                    environment: environment, logins: logins, client: options.oci.client(credentials: logins)
                ).findings()
            } catch { return [.error("OCI registry", error.message, error.remedy)] }
        }
    }

    private func modalExamination(_ source: RegistrySource, _ names: AppNaming) -> Examination {
        Examination("Modal", limit: .seconds(30), remedy: "modal token info") {
            do throws(Failure) {
                let access = try await ModalAccess(source.environment, names: names, policy: source.catalog.policy)
                return await ModalCheck.findings(access.platform, source.environment.modalEnvironment)
            } catch { return [.error("Modal", error.message, error.remedy)] }
        }
    }
}
