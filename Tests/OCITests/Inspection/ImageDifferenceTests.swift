import DeploymentModel
import JSON
import LoopbackServer
import Testing

@testable import OCI

@Suite(.tags(.medium))
struct ImageDifferenceTests {
    private let registry: FakeRegistry
    private let client = OCIRegistryClient.impatient()

    init() throws { registry = try FakeRegistry() }

    private func image(
        config: [String: JSONValue] = [:], _ layers: [(inout SampleTar) -> Void]
    ) throws -> ImageReference {
        let bytes = layers.map { body -> [UInt8] in
            var tar = SampleTar()
            body(&tar)
            return tar.finished
        }
        return try registry.addImage("amd64", layers: bytes, config: config)
    }

    @Test func `equal images have no difference`() async throws {
        let image = try image([{ $0.add("a", [1]) }])
        #expect(try await client.difference(between: image, and: image).isEmpty)
    }

    @Test func `the entries that differ are named, with what of them differs, in the layer that has them`() async throws
    {
        let first = try image([
            { $0.add("same", [1]) },
            {
                $0.add("content", [1])
                $0.add("longer", [1])
                $0.add("mode", [1])
                $0.add("time", [1], time: 7)
                $0.add("first", [1])
                $0.add("kind", [1])
            },
        ])
        let second = try image([
            { $0.add("same", [1]) },
            {
                $0.add("content", [2])
                $0.add("longer", [1, 2])
                $0.add("mode", [1], mode: "0000644")
                $0.add("time", [1], time: 8)
                $0.link("kind", to: "mode")
                $0.add("second", [1])
            },
        ])
        let difference = try await client.difference(between: first, and: second)
        #expect(difference.layers.map(\.number) == [2])
        #expect(
            difference.layers.first?.entries == [
                "content: content", "longer: content, 1 and 2 bytes", "mode: mode 755 and 644", "time: time 7 and 8",
                "first: only in the first", "kind: kind, content, 1 and 0 bytes", "second: only in the second",
            ])
        #expect(difference.config.isEmpty && difference.layerCounts.isEmpty)
    }

    @Test func `another order and another way of writing are told as such`() async throws {
        let first = try image([
            {
                $0.add("a")
                $0.add("b")
            }
        ])
        let second = try image([
            {
                $0.add("b")
                $0.add("a")
            }
        ])
        let order = try await client.difference(between: first, and: second)
        #expect(order.layers.first?.entries == ["the order of the entries"])
        var tar = SampleTar()
        tar.add("a")
        tar.add("b")
        let padded = try registry.addImage("amd64", layers: [tar.finished + [UInt8](repeating: 0, count: 1024)])
        let written = try await client.difference(between: first, and: padded)
        #expect(written.layers.first?.entries == ["how the layer is compressed or written, nothing of its files"])
    }

    @Test func `values of the config and the number of layers are told`() async throws {
        let first = try image(config: ["Env": ["A=1", "B=1"], "User": "x"], [{ $0.add("a") }])
        let second = try image(config: ["Env": ["A=1", "B=2"]], [{ $0.add("a") }, { $0.add("b") }])
        let difference = try await client.difference(between: first, and: second)
        #expect(difference.config == ["/config/Env/1", "/config/User"])
        #expect(difference.layerCounts == [1, 2])
        #expect(difference.layers.isEmpty)
    }
}
