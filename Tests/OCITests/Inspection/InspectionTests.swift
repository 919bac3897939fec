import DeploymentModel
import FoundationEssentials
import JSON
import LoopbackServer
import Testing

@testable import OCI

@Suite(.tags(.medium))
struct InspectionTests {
    private let registry: FakeRegistry
    private let client = OCIRegistryClient.impatient()
    private static let loader = "/lib/ld-linux.so"

    init() throws { registry = try FakeRegistry() }

    /// A layer with a server and its loader for one processor.
    private func layer(_ machine: Int, loader: Int? = nil) -> [UInt8] {
        var tar = SampleTar()
        tar.addELF("usr/bin/server", machine, loader: Self.loader)
        tar.addELF("lib/ld-linux.so", loader ?? machine)
        return tar.finished
    }

    private func tar(_ body: (inout SampleTar) -> Void) -> [UInt8] {
        var tar = SampleTar()
        body(&tar)
        return tar.finished
    }

    private func image(
        _ architecture: String = "arm64", _ layers: [UInt8]..., start: [String] = ["server"],
        config: [String: JSONValue] = [:]
    ) throws -> ImageReference {
        var config = config
        if !start.isEmpty { config["Entrypoint"] = .array(start.map { .string($0) }) }
        return try registry.addImage(architecture, layers: layers, config: config)
    }

    private func refusal(_ image: ImageReference) async -> Failure? {
        let failure = await #expect(throws: Failure.self) { try await client.inspect(image) }
        #expect(failure?.code == .imagePlatform)
        return failure
    }

    @Test func `an image whose programs are for its platform is taken`() async throws {
        let image = try image("arm64", layer(SampleELF.arm64))
        let inspection = try await client.inspect(image)
        #expect(inspection.platform == .arm64)
        #expect(inspection.warnings.isEmpty)
        #expect(inspection.hasPrograms)
        #expect(try await client.platform(of: image) == .arm64)
    }

    @Test func `a program of another processor is refused, with its file and its layer`() async throws {
        let base = tar { $0.add("etc/hosts", [1]) }
        let image = try image("arm64", base, layer(SampleELF.amd64))
        let failure = await refusal(image)
        #expect(
            failure?.message
                == "\(image) says that it is for linux/arm64, but /usr/bin/server, which is what it starts, is for amd64"
        )
        let digest = ContentHash.digest(of: layer(SampleELF.amd64))
        #expect(failure?.detail == "/usr/bin/server is in layer 2 of 2, \(digest)")
        #expect(failure?.remedy?.contains("TARGETARCH") == true)
        await #expect(throws: Failure.self) { try await client.platform(of: image) }
    }

    @Test func `a loader of another processor is refused`() async throws {
        let failure = await refusal(try image("arm64", layer(SampleELF.arm64, loader: SampleELF.amd64)))
        #expect(
            failure?.message.hasSuffix("/lib/ld-linux.so, which is the loader of /usr/bin/server, is for amd64") == true
        )
    }

    @Test(arguments: [
        (["/bin/run"], "#!/usr/bin/server -x\n"), (["run"], "#! /usr/bin/env -S server x\n"),
        (["./run"], "#!/bin/link\n"),
        (["../bin/run"], "#!/usr/bin/env A=1 server"),
    ])
    func `a script is judged by its interpreter, through links`(start: [String], script: String) async throws {
        let more = tar { tar in
            tar.add("opt/run", Array(script.utf8))
            tar.link("bin/run", to: "../opt/./run")
            tar.link("bin/link", to: "/also/server")
            tar.link("also", to: "usr/bin")
            tar.addELF("usr/bin/env", SampleELF.arm64)
        }
        let config: [String: JSONValue] = ["WorkingDir": "/bin", "Env": ["PATH=/nowhere:/bin:/usr/bin"]]
        let wrong = try image("arm64", layer(SampleELF.amd64), more, start: start, config: config)
        let failure = await refusal(wrong)
        #expect(failure?.message.contains("/usr/bin/server, which runs /opt/run, is for amd64") == true)
        let right = try image("arm64", layer(SampleELF.arm64), more, start: start, config: config)
        #expect(try await client.inspect(right).warnings.isEmpty)
    }

    @Test func `higher layers replace and take away what lower ones have`() async throws {
        let wrong = layer(SampleELF.amd64)
        let right = layer(SampleELF.arm64)
        #expect(try await client.inspect(image("arm64", wrong, right)).warnings.isEmpty)
        #expect(await refusal(try image("arm64", right, wrong)) != nil)
        let removed = tar { $0.add("usr/.wh.bin") }
        let warning = "server, which is what it starts in"
        #expect(try await client.inspect(image("arm64", wrong, removed)).warnings.first?.hasPrefix(warning) == true)
        let emptied = tar { tar in
            tar.add("usr/bin/.wh..wh..opq")
            tar.add("lib/.wh.ld-linux.so")
        }
        #expect(try await client.inspect(image("arm64", wrong, emptied)).hasPrograms == false)
        let replaced = tar { tar in
            tar.add("usr", Array("no folder any more".utf8))
            tar.addELF("lib/ld-linux.so", SampleELF.arm64)
        }
        #expect(try await client.inspect(image("arm64", wrong, replaced)).warnings.count == 1)
    }

    @Test func `an entry below a link goes where the link leads`() async throws {
        let base = tar { tar in
            tar.add("usr/bin/", type: "5")
            tar.link("bin", to: "usr/bin")
            tar.addELF("usr/bin/server", SampleELF.amd64)
        }
        let over = tar { $0.addELF("bin/server", SampleELF.arm64) }
        #expect(try await client.inspect(image("arm64", base, over)).warnings.isEmpty)
        #expect(await refusal(try image("amd64", base, over)) != nil)
    }

    @Test func `a hard link has the content of what it names, also of a layer below`() async throws {
        let base = tar { tar in
            tar.addELF("usr/bin/real", SampleELF.amd64)
            tar.add("usr/bin/server", type: "1", link: "usr/bin/real")
        }
        #expect(await refusal(try image("arm64", base)) != nil)
        let over = tar { $0.add("usr/bin/other", type: "1", link: "usr/bin/real") }
        #expect(await refusal(try image("arm64", base, over, start: ["/usr/bin/other"])) != nil)
    }

    @Test func `foreign programs elsewhere are a warning`() async throws {
        let more = tar { tar in
            tar.addELF("opt/tools/b", SampleELF.amd64)
            tar.addELF("opt/tools/a", 40)
        }
        let image = try image("arm64", layer(SampleELF.arm64), more)
        #expect(
            try await client.inspect(image).warnings == [
                "\(image) is for linux/arm64 and has programs for other processors: /opt/tools/a (arm (32 bit)) and 1 more."
            ])
    }

    @Test func `links in a circle and paths out of the image come to an end`() async throws {
        let circle = tar { tar in
            tar.link("a", to: "b")
            tar.link("b", to: "a")
        }
        #expect(try await client.inspect(image("arm64", circle, start: ["/a"])).warnings.count == 1)
        let out = tar { $0.add("../../etc/passwd", [1]) }
        #expect(await refusal(try image("arm64", out))?.message.contains("leads out of the image") == true)
    }

    @Test func `what is no image for a slot is refused`() async throws {
        let attestation = try registry.addImage(
            "unknown", layers: [Array("{}".utf8)], layerType: "application/vnd.in-toto+json")
        #expect(await refusal(attestation)?.message.contains("is an attestation") == true)
        let index = registry.addIndex([FakeRegistry.entry(try #require(attestation.digest), "arm64")])
        #expect(await refusal(try registry.image("x/y@\(index)"))?.message.contains("is an index") == true)
        #expect(
            await refusal(try registry.addImage("unknown", layers: []))?.message.contains("unknown/unknown") == true)
        let variant = try registry.addImage("amd64", layers: [], variant: "v3")
        #expect(await refusal(variant)?.message.contains("linux/amd64/v3") == true)
        #expect(try await client.inspect(registry.addImage("arm64", layers: [], variant: "v8")).platform == .arm64)
    }

    @Test func `two slots share all layers only where there is no program`() async throws {
        let layer = layer(SampleELF.amd64)
        let amd64 = try image("amd64", layer)
        let liar = try image("arm64", layer, start: [])
        let pair = [Platform.amd64: amd64, .arm64: liar]
        let failure = await #expect(throws: Failure.self) { try await client.inspectPair(pair) }
        #expect(failure?.code == .imagePlatform)
        #expect(failure?.message.contains("have the same layers with programs in them") == true)
        let texts = tar { $0.add("page.html", [1]) }
        let page = [Platform.amd64: try image("amd64", texts, start: []), .arm64: try image("arm64", texts, start: [])]
        #expect(try await client.inspectPair(page) == [])
        let swapped = [Platform.amd64: try image("arm64", texts, start: [])]
        let slot = await #expect(throws: Failure.self) { try await client.inspectPair(swapped) }
        #expect(slot?.message.contains("stands in the slot of linux/amd64 and is for linux/arm64") == true)
    }

    @Test func `a layer that is no archive, or not whole, is told`() async throws {
        let noise = try image("arm64", Array(repeating: 7, count: 3000))
        #expect(await refusal(noise)?.message.contains("it is no tar archive that can be read") == true)
        let cut = try image("arm64", Array(layer(SampleELF.arm64).prefix(1000)))
        #expect(await refusal(cut)?.message.contains("ends in the midst of an entry") == true)
    }

    @Test func `a layer that unpacks to more than it may is an error`() throws {
        var reader = LayerReader(LayerReader.Limits(bytes: 2000))
        #expect(throws: LayerReader.Unreadable.self) {
            try reader.push(layer(SampleELF.arm64))
            _ = try reader.finish()
        }
        var limits = LayerReader.Limits(bytes: 1 << 30)
        limits.entries = 1
        var other = LayerReader(limits)
        #expect(throws: LayerReader.Unreadable.self) { try other.push(layer(SampleELF.arm64)) }
    }

    @Test func `a layer that was read once is not fetched again, and a damaged note of it is`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let client = OCIRegistryClient(layerCache: LayerFactsCache(folder: folder))
        let bytes = layer(SampleELF.arm64)
        let image = try image("arm64", bytes)
        #expect(try await client.inspect(image).warnings.isEmpty)
        let blob = "/blobs/\(ContentHash.digest(of: bytes))"
        registry.override { $0.path.hasSuffix(blob) ? Reply(404, "") : nil }
        #expect(try await client.inspect(image).hasPrograms)
        let file = folder + "/" + ContentHash.digest(of: bytes).hex
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data(text.utf8.dropLast(3)).write(to: URL(filePath: file))
        await #expect(throws: Failure.self) { try await client.inspect(image) }
    }

    @Test func `facts are read as they were written`() {
        var facts = LayerFacts()
        facts.entries = [
            "a": .program(.elf(.arm64, loader: "/l d\t%09")), "b\n%": .program(.script("/bin/sh")), "c": .file,
            "d": .folder,
            "é": .symbolicLink("../x"), "f": .hardLink("c"), "g": .program(.elf(.amd64, loader: nil)),
        ]
        facts.removed = ["x/y"]
        facts.emptied = ["z", ""]
        #expect(LayerFacts(facts.text) == facts)
        #expect(LayerFacts(String(facts.text.dropLast(2))) == nil)
        #expect(LayerFacts("") == nil)
    }
}
