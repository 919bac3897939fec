import DeploymentModel
import FoundationEssentials
import JSON
import Reconciliation
import TestSupport
import Testing

/// A pin is never half (contract "Pins").
@Suite(.tags(.small))
struct PinPairTests {
    let fixture = Fixture()

    @Test(arguments: [PinMode.commit, .record])
    func `a pair of which one image is missing is pinned nowhere, and what comes after it is left`(
        mode: PinMode
    ) async throws {
        let desired = Fixture.desired([try Fixture.processor()], pins: mode)
        let whole = try await fixture.plan(desired)
        let text = try #require(String(data: JSONEncoder().encode(whole), encoding: .utf8))
        #expect(text.contains(#""builds":["amd64","arm64"]"#))
        let half = try JSONDecoder().decode(
            Plan.self,
            from: Data(text.replacing(#""builds":["amd64","arm64"]"#, with: #""builds":["amd64"]"#).utf8))
        let report = await fixture.apply(half)
        #expect(report.entries.map { $0.failures.map(\.code) } == [[.imageUnpinned]])
        #expect(fixture.world.now.pins.isEmpty && fixture.world.now.containers.isEmpty)
        #expect(fixture.world.now.records.isEmpty)

        #expect(!(await fixture.apply(try await fixture.plan(desired))).hasFailures)
        let pair: Set<Platform> = [.amd64, .arm64]
        #expect(fixture.world.now.pins.map { Set($0.pins.keys) } == (mode == .commit ? [pair] : []))
        #expect(fixture.world.now.records.values.map { Set($0.desired.pins.keys) } == [pair])
    }
}
