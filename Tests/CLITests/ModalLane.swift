import Foundation
import JSON
import TestSupport
import Testing

/// A sample registry with an environment `staging` on a stand-in of Modal that runs what is deployed.
final class ModalLane: Sendable {
    static let canary = "canary-7f3a91c2d4"

    let sample: Sample
    let standIn: StandIn
    /// What this lane's own files and caches go to.
    let home: TemporaryFolder

    init(
        _ processors: [String], staging: String = "", main: String = "", withDocker: Bool = true,
        more: [String: String] = [:]
    )
        async throws
    {
        let environments = """
            environments:
              local: {target: docker, registry: "\(Components.registry)/NS"}
              dev: {target: modal, registry: "\(Components.registry)/NS"}
              staging:
                target: modal
                registry: "\(Components.registry)/NS"
                \(staging)
              main:
                target: modal
                registry: "\(Components.registry)/NS"
                promotes_from: staging
                \(main)
            """
        sample = try await Sample(
            processors, more: more.merging(["pipelines/environments.yaml": environments]) { own, _ in own })
        standIn = try StandIn(withDocker: withDocker)
        home = try TemporaryFolder()
    }

    /// The variables of a user who is logged in to Modal.
    var variables: [String: String?] {
        let keys = standIn.proxyKey
        var variables: [String: String?] = standIn.variables
        variables["MODAL_PROXY_KEY"] = keys.key
        variables["MODAL_PROXY_SECRET"] = keys.secret
        variables["OPENAI_API_KEY"] = .some(nil)
        variables["XDG_STATE_HOME"] = home.path
        return variables
    }

    func pinion(_ arguments: String..., with more: [String: String?] = [:]) async throws -> Pinion.Outcome {
        try await Pinion.run(
            arguments + ["--repo", sample.path, "--env", "staging"], environment: variables.merging(more) { $1 })
    }

    /// Modal's own command line, in the environment `staging`.
    func modal(_ arguments: String..., in folder: String? = nil) async throws -> Pinion.Outcome {
        let python = try #require(StandIn.python)
        return try await Pinion.run(
            python, ["-m", "modal"] + arguments + ["--env", "staging"], in: folder, environment: variables)
    }

    /// Modal's SDK, with `environment_name` as `E`.
    func sdk(_ code: String) async throws {
        let python = try #require(StandIn.python)
        let run = try await Pinion.run(python, ["-c", "import modal\nE = 'staging'\n" + code], environment: variables)
        try #require(run.exitCode == 0, "\(run.stderr)")
    }

    /// The kinds of drift that there are, each with what it is about.
    func drift(_ more: String...) async throws -> [String] {
        let run = try await Pinion.run(
            ["drift", "--repo", sample.path, "--env", "staging", "--json", "--detailed-exitcode"] + more,
            environment: variables)
        let findings = try run.json()["findings"]?.arrayValue ?? []
        #expect(run.exitCode == (findings.isEmpty ? 0 : 2), "\(run.stderr)")
        return findings.compactMap { $0["kind"]?.stringValue }
    }

    /// Runs pinion on this lane's repository; the environment is among the arguments.
    func command(_ arguments: String..., with more: [String: String?] = [:]) async throws -> Pinion.Outcome {
        try await Pinion.run(
            arguments + ["--repo", sample.path], environment: variables.merging(more) { $1 })
    }

    func reconcile(_ more: String..., with variables: [String: String?] = [:]) async throws -> Pinion.Outcome {
        try await Pinion.run(
            ["reconcile", "--repo", sample.path, "--env", "staging"] + more,
            environment: self.variables.merging(variables) { $1 })
    }

    /// The app of one of the sample processors: `litellm`.
    func app(_ name: String) -> String { "\(sample.namespace)-\(name)-v1" }
    func ref(_ name: String) -> String { "\(sample.namespace)/\(name)@1" }
}
