import DeploymentModel
import TestSupport
import Testing

@Suite("The platform in memory", .tags(.small))
struct SimulatedModalTests {
    @Test("does what every platform does", arguments: PlatformCheck.allCases)
    func keepsThePort(_ check: PlatformCheck) async throws {
        try await check.run(on: SimulatedModal())
    }

    @Test("notes effects alone")
    func log() async throws {
        let (modal, names) = (SimulatedModal(), PlatformCheck.Names())
        _ = try await modal.syncSecrets([SecretValue("A", ["A": "1"])], isCheck: false)
        _ = try await modal.syncSecrets([SecretValue("A", ["A": "1"])], isCheck: false)
        for _ in 1...2 { _ = try await modal.deploy(names.spec(), isForced: false) }
        _ = try await modal.audit(nil)
        _ = try await modal.rollover(names.name.app)
        for _ in 1...2 { _ = try await modal.stop(names.name.app) }
        let app = names.name.app
        #expect(modal.now.log == ["sync A", "deploy \(app)", "rollover \(app)", "stop \(app)"])
    }

    @Test("fails as told, before an effect or after it")
    func faults() async throws {
        let (modal, names) = (SimulatedModal(), PlatformCheck.Names())
        let failure = Failure(.network, "gone")
        modal.change { $0.faults["deploy"] = failure }
        await #expect(throws: failure) { try await modal.deploy(names.spec(), isForced: false) }
        #expect(modal.now.apps.isEmpty)
        modal.change { $0.faults = [:] }
        modal.change { $0.lostAnswers["deploy"] = failure }
        await #expect(throws: failure) { try await modal.deploy(names.spec(), isForced: false) }
        #expect(modal.now.log == ["deploy \(names.name.app)"])
        #expect(try await !modal.deploy(names.spec(), isForced: false).isChanged)
    }

    @Test("shows what was published by hand")
    func byHand() async throws {
        let (modal, names) = (SimulatedModal(), PlatformCheck.Names())
        _ = try await modal.deploy(names.spec(), isForced: false)
        modal.publishByHand(names.name.app)
        let app = try #require(try await modal.audit(nil).apps[names.name.app])
        #expect(app.version == 2)
        #expect(app.digest == nil)
        #expect(app.functions.first?.boundImageID == nil)
        #expect(try await modal.deploy(names.spec(), isForced: false).version == 3)
    }
}
