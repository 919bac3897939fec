import DeploymentModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Modal

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite("Modal in bad weather", .tags(.large), .enabled(if: isPythonThere), .serialized)
struct ModalWeatherTests {
    private let names = PlatformCheck.Names()

    @Test("a locked app is tried again until it is free, and given up after the last attempt")
    func locked() async throws {
        try await withPlane { plane, platform in
            try await plane.fail("AppPublish", "locked", times: 2)
            #expect(try await platform.deploy(names.spec(), isForced: false).version == 1)
            #expect(try await plane.calls()["AppPublish"] == 3)
            try await plane.clear()
            try await plane.fail("AppPublish", "locked", times: -1)
            let failure = await #expect(throws: Failure.self) {
                try await platform.deploy(names.spec("two"), isForced: false)
            }
            #expect(failure?.code == .lease)
            #expect(try await plane.calls()["AppPublish"] == 3)
            #expect(try await platform.lookup(names.name).version == 1)
        }
    }

    @Test("what can't succeed is not tried again")
    func denied() async throws {
        try await withPlane { plane, platform in
            try await plane.fail("AppPublish", "denied", times: -1, message: "no such right")
            let failure = await #expect(throws: Failure.self) {
                try await platform.deploy(names.spec(), isForced: false)
            }
            #expect(failure?.code == .modal)
            #expect(failure?.message.contains("no such right") == true)
            #expect(try await plane.calls()["AppPublish"] == 1)
        }
    }

    @Test("a publish whose answer was lost is done once")
    func lost() async throws {
        try await withPlane { plane, platform in
            try await plane.fail("AppPublish", "lost", times: -1)
            #expect(try await platform.deploy(names.spec(), isForced: false).version == 1)
            try await plane.clear()
            let again = try await platform.deploy(names.spec(), isForced: false)
            #expect(again.version == 1 && !again.isChanged)
        }
    }

    @Test("a stream that breaks off in a deployment is taken up again")
    func broken() async throws {
        try await withPlane(policy: Policy(attempts: 9, backoffMilliseconds: [1])) { plane, platform in
            // More than the SDK itself tries.
            try await plane.fail("ImageJoinStreaming", "close", times: 6)
            let deployed = try await platform.deploy(names.spec(), isForced: false)
            #expect(deployed.version == 1 && deployed.isChanged)
        }
    }

    @Test("a token that is missing or wrong is said")
    func token() async throws {
        let (folder, plane) = (try TemporaryFolder(), try StandIn())
        var variables = driverVariables(folder, plane.variables)
        variables["MODAL_TOKEN_SECRET"] = "as-wrong"
        var absent = variables
        absent["MODAL_TOKEN_ID"] = nil
        absent["MODAL_TOKEN_SECRET"] = nil
        for each in [variables, absent] {
            try await withDriver(each) { driver in
                let platform = ModalPlatform(environment: "dev", driver: driver)
                let failure = await #expect(throws: Failure.self) { try await platform.audit(nil) }
                #expect(failure?.code == .modal)
                #expect(failure?.message.lowercased().contains("token") == true)
                #expect("\(String(describing: failure))".contains("as-wrong") == false)
            }
        }
    }

    @Test("a control plane that is gone is an error of the network, and one that comes back is used again")
    func outage() async throws {
        let (folder, first) = (try TemporaryFolder(), try StandIn())
        try await withDriver(
            driverVariables(folder, first.variables), policy: Policy(attempts: 1, backoffMilliseconds: [1])
        ) { driver in
            let platform = ModalPlatform(environment: "dev", driver: driver)
            _ = try await platform.deploy(names.spec(), isForced: false)
            first.end()
            let failure = await #expect(throws: Failure.self) { try await platform.lookup(names.name) }
            #expect(failure?.code == .network)
            let second = try StandIn(folder: first.folder, port: first.port)
            #expect(try await platform.lookup(names.name).version == 1)
            withExtendedLifetime(second) {}
        }
    }

    @Test("cancelling ends the wait at once and the operation with it", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        try await withPlane { plane, platform in
            _ = try await platform.audit(nil)
            try await plane.fail("AppPublish", "slow", seconds: 600)
            let task = Task { try await platform.deploy(names.spec(), isForced: false) }
            try await until { try await plane.calls()["AppPublish"] == 1 }
            task.cancel()
            let failure = await #expect(throws: Failure.self) { try await task.value }
            #expect(failure?.code == .timeout)
            // Closing, after this, would take ten minutes if the deployment still went on.
            #expect(try await platform.audit(nil).apps.isEmpty)
        }
    }

    @Test("a driver that is killed after the publish is started again and finds it done")
    func killed() async throws {
        try await withPlane { plane, platform in
            _ = try await platform.audit(nil)
            try await plane.fail("ImagePublish", "slow", seconds: 600)
            let task = Task { try await platform.deploy(names.spec(), isForced: false) }
            try await until { try await plane.calls()["ImagePublish"] == 1 }
            let id = try #require(driverProcesses(of: plane).first)
            kill(pid_t(id), SIGKILL)
            let deployed = try await task.value
            #expect(deployed.version == 1)
            let audited = try await platform.audit(nil).apps[names.name.app]
            #expect(audited?.functions.first?.boundImageID == deployed.imageID)
        }
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }
}

/// The ids of the drivers that talk to this stand-in: their environment tells.
func driverProcesses(of plane: StandIn) -> [Int] {
    let server = Array("MODAL_SERVER_URL=\(plane.variables["MODAL_SERVER_URL"] ?? "")".utf8)
    return childProcesses().filter { _, process in
        process.arguments.contains("driver.py")
            && process.variables.utf8.split(separator: 0).contains { $0.elementsEqual(server) }
    }.keys.sorted()
}

/// Arguments and variables of all processes that this one, or a child of it, has started.
func childProcesses() -> [Int: (arguments: String, variables: String)] {
    func read(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }
    let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
    var parents: [Int: Int] = [:]
    for id in ids {
        // The name in parentheses may hold blanks; the state and the parent follow it.
        let fields = read("/proc/\(id)/stat")?.split(separator: ")").last?.split(separator: " ")
        parents[id] = fields.flatMap { $0.count > 1 ? Int($0[1]) : nil }
    }
    let own = Int(getpid())
    func isOurs(_ id: Int) -> Bool { parents[id].map { $0 == own || ($0 > 1 && isOurs($0)) } ?? false }
    var found: [Int: (String, String)] = [:]
    for id in ids where isOurs(id) {
        guard let arguments = read("/proc/\(id)/cmdline"), let variables = read("/proc/\(id)/environ") else { continue }
        found[id] = (arguments, variables)
    }
    return found
}
