import DeploymentModel
import FoundationEssentials
import HTTP
import OCI
import RegistryCatalog

/// The OCI registry of an environment, and the clock, which is compared with the registry's.
struct OCIRegistryCheck {
    let environment: EnvironmentSpec
    let logins: DockerCredentials
    let client: OCIRegistryClient
    /// Seconds since 1970 on this host.
    var now: @Sendable () -> Int = { Int(Date().timeIntervalSince1970) }

    func findings() async -> [Finding] {
        let check = "OCI registry"
        do throws(Failure) {
            // No processor: what is asked for is the right to push somewhere below it.
            let place: ImageReference
            do throws(GrammarError) { place = try ImageReference("\(environment.registry)/pinion") } catch {
                throw Failure(.spec, error.description, remedy: "Correct 'registry' in \(EnvironmentSpec.file).")
            }
            let login = try await logins.credentials(for: place.registry)
            let welcome = try await client.welcome(pushingTo: place)
            let finding: Finding =
                if !welcome.wantsLogin {
                    .ok(check, "\(place.registry) answers, and wants no log-in")
                } else if login == .anonymous {
                    .error(
                        check, "\(place.registry) answers, and there is no log-in for it: pushes will be refused",
                        "docker login \(place.registry)")
                } else {
                    .ok(check, "\(place.registry) answers, and takes the log-in")
                }
            return [finding] + (welcome.date.map { [clock($0, of: place.registry)] } ?? [])
        } catch {
            let standard = "Name the right one as 'registry' in \(EnvironmentSpec.file), or start it."
            return [.error(check, error.message, error.remedy ?? standard)]
        }
    }

    /// Leases last 120 s by the clock of who holds them; a clock that is off takes them away early, or keeps them.
    private func clock(_ date: HTTPDate, of registry: String) -> Finding {
        let skew = now() - date.secondsSinceEpoch
        let text = "\(abs(skew)) s \(skew < 0 ? "behind" : "ahead of") the clock of \(registry)"
        #if os(macOS)
            let remedy = "sudo sntp -sS time.apple.com"
        #else
            let remedy = "sudo timedatectl set-ntp true"
        #endif
        switch abs(skew) {
        case ...2: return .ok("clock", "as that of \(registry)")
        case ...20: return .warning("clock", text, remedy)
        default: return .error("clock", text, remedy)
        }
    }
}
