import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Modal
import RegistryCatalog

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check what Modal needs: Python, its SDK, the token, the environment.")

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    private struct Check: Encodable {
        let name: String
        let isGood: Bool
        let finding: String
        let remedy: String?
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let source = try await RegistrySource(options, on: .modal)
            guard let names = source.names else { return .failure }
            let modal = try await ModalAccess(source.environment, names: names, policy: source.catalog.policy)
            let checks = await checks(modal.platform, source.environment.modalEnvironment)
            if json {
                Output.result(try JSONText(checks).text)
            } else {
                let style = Style.standardOutput
                for check in checks {
                    Output.result(
                        "\(check.isGood ? style.green("✓") : style.red("✗")) \(check.name)  \(check.finding.printable)")
                    if let remedy = check.remedy { Output.result("    \(remedy)") }
                }
            }
            return checks.allSatisfy(\.isGood) ? .success : ExitCode(69)
        }
    }

    /// Each builds on the one before: what can't be asked for want of another is left out.
    private func checks(_ platform: ModalPlatform, _ environment: String) async -> [Check] {
        do throws(Failure) {
            let found = try await platform.doctor()
            let isThere = found.environments.contains(environment)
            let keys = ModalAccess.proxyKeys != nil
            return [
                Check(name: "Python", isGood: true, finding: found.python, remedy: nil),
                Check(name: "SDK", isGood: true, finding: "modal \(found.sdk)", remedy: nil),
                Check(name: "Modal", isGood: true, finding: "\(found.server) takes the token", remedy: nil),
                Check(
                    name: "Environment", isGood: isThere,
                    finding: isThere
                        ? environment
                        : "Modal has no '\(environment)'; it has \(found.environments.joined(separator: ", "))",
                    remedy: isThere ? nil : "Make it: modal environment create \(environment)"),
                Check(
                    name: "Proxy keys", isGood: keys,
                    finding: keys
                        ? "MODAL_PROXY_KEY and MODAL_PROXY_SECRET are set"
                        : "not set, so private endpoints can't be run",
                    remedy: keys
                        ? nil
                        : "Make a proxy auth token in Modal's settings and set MODAL_PROXY_KEY and MODAL_PROXY_SECRET."),
            ]
        } catch {
            return [Check(name: "Modal", isGood: false, finding: error.message, remedy: error.remedy)]
        }
    }
}
