import DeploymentModel
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Modal

@Suite("Values of secrets", .tags(.large), .enabled(if: isPythonThere), .serialized)
struct SecretSilenceTests {
    @Test("are nowhere but on their way to Modal")
    func canary() async throws {
        let canary = "canary-\(UUID().uuidString)"
        let inherited = "inherited-\(UUID().uuidString)"
        let (folder, plane) = (try TemporaryFolder(), try StandIn())
        var variables = driverVariables(folder, plane.variables)
        variables["API_KEY"] = inherited
        var failures: [Failure] = []
        let seen = Seen()
        try await withDriver(variables) { driver in
            let platform = ModalPlatform(environment: "dev", driver: driver)
            @Sendable func sync(_ value: String) async throws {
                let secrets = [SecretValue("API_KEY", ["API_KEY": value])]
                _ = try await platform.syncSecrets(secrets, isCheck: false)
            }
            // Long enough that whoever looks at the processes sees it under way.
            try await plane.fail("SecretGetOrCreate", "slow", seconds: 0.5)
            async let written: Void = sync(canary)
            while try await plane.calls()["SecretGetOrCreate"] == nil { seen.look() }
            seen.look()
            try await written
            try await plane.fail("SecretUpdate", "denied", times: -1, message: "the value \(canary)2 is refused")
            do { try await sync(canary + "2") } catch let failure as Failure { failures.append(failure) }
            let odd = SecretValue("NO NAME", ["NO NAME": canary])
            do {
                _ = try await platform.syncSecrets([odd], isCheck: false)
            } catch let failure as Failure { failures.append(failure) }
            #expect("\(odd)\(String(reflecting: odd))".contains(canary) == false)
        }
        plane.end()
        #expect(failures.count == 2)
        #expect(failures.first?.message.contains("[secret]") == true)
        for failure in failures { #expect(!"\(failure) \(failure.detail ?? "")".contains(canary)) }
        #expect(seen.processes.contains { $0.contains("driver.py") })
        for process in seen.processes { #expect(!process.contains(canary) && !process.contains(inherited)) }
        for place in [folder.path, plane.folder, plane.folder + ".errors"] {
            for (file, text) in texts(below: place) { #expect(!text.contains(canary), "\(file)") }
        }
    }

    private func texts(below place: String) -> [(String, String)] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: place)) ?? []
        return ([place] + names.map { "\(place)/\($0)" }).compactMap { file in
            (try? Data(contentsOf: URL(filePath: file))).map { (file, String(decoding: $0, as: UTF8.self)) }
        }
    }
}

/// What could be read of the children's arguments and environments.
private final class Seen: Sendable {
    private let texts = Mutex<Set<String>>([])
    var processes: Set<String> { texts.withLock { $0 } }

    func look() {
        let found = childProcesses().values.map { "\($0.arguments)\n\($0.variables)" }
        texts.withLock { $0.formUnion(found) }
    }
}
