import DeploymentModel
import FoundationEssentials
import JSON
import Testing

@testable import Docker

@Suite("What a container may do", .tags(.small))
struct ContainerSpecTests {
    @Test("A processor's container has no privileges, its limits, and one port on loopback")
    func creation() throws {
        let image = try ImageReference("ghcr.io/a/b@sha256:" + String(repeating: "a", count: 64))
        let spec = ContainerSpec(
            name: "n",
            processor: Processor(
                ref: try ProcessorRef("a/b@1"), specHash: "s", runtime: RuntimeLimits(cpu: 1.5, memoryBytes: 1 << 29)),
            image: image.description, platform: .amd64, environment: ["B": "2", "A": "x=y"])
        let expected: JSONValue = [
            "Image": .string(image.description), "Env": ["A=x=y", "B=2"],
            "Labels": ["dev.pinion.ref": "a/b@1", "dev.pinion.spec": "s"], "ExposedPorts": ["8000/tcp": [:]],
            "HostConfig": [
                "PortBindings": ["8000/tcp": [["HostIp": "127.0.0.1", "HostPort": ""]]], "NanoCpus": 1_500_000_000,
                "Memory": 536_870_912, "MemorySwap": 536_870_912, "PidsLimit": 512, "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges:true"], "ReadonlyRootfs": true,
                "Tmpfs": ["/tmp": "rw,nosuid,nodev,mode=1777"], "RestartPolicy": ["Name": "no"],
            ],
        ]
        #expect(spec.creation(processors: 8) == expected)
        #expect(spec.creation(processors: 1)["HostConfig"]?["NanoCpus"]?.intValue == 1_000_000_000)
    }

    @Test("A container of a run has a mark, no network, the world to read, and the names of its secrets alone")
    func run() throws {
        func creation(_ network: ContainerSpec.Network) throws -> JSONValue {
            ContainerSpec(
                name: "n", processor: Processor(ref: try ProcessorRef("a/b@1"), specHash: "s"), image: "sha256:1",
                platform: .amd64, environment: ["KEY": "value"], secretNames: ["KEY"], network: network,
                run: RunMark("host/1/2"), hasWritableRoot: true, world: "/data/tree"
            ).creation(processors: 8)
        }
        let isolated = try creation(.none)
        #expect(isolated["HostConfig"]?["NetworkMode"] == "none")
        #expect(isolated["HostConfig"]?["PortBindings"] == nil)
        #expect(
            isolated["HostConfig"]?["Mounts"]
                == [["Type": "bind", "Source": "/data/tree", "Target": "/world", "ReadOnly": true]])
        #expect(isolated["HostConfig"]?["ReadonlyRootfs"] == false)
        #expect(isolated["Labels"]?["dev.pinion.run"] == "host/1/2")
        #expect(isolated["Labels"]?["dev.pinion.secrets"] == "KEY")
        #expect(isolated["Labels"]?.compact.contains("value") == false)
        #expect(try creation(.internal("net"))["HostConfig"]?["NetworkMode"] == "net")
    }

    @Test("A mark tells whether its process is of this host and gone")
    func marks() {
        let own = RunMark.ofThisProcess
        #expect(!own.isOfTheDead)
        let parts = own.text.split(separator: "/")
        #expect(RunMark("\(parts[0])/\(parts[1])/1").isOfTheDead, "the same id, given away again")
        #expect(!RunMark("elsewhere/\(parts[1])/1").isOfTheDead)
        #expect(!RunMark("nonsense").isOfTheDead)
    }

    @Test("Credentials travel as JSON in URL-safe base64, and none as an empty object")
    func credentials() throws {
        func decoded(_ text: String) throws -> JSONValue {
            let standard = text.replacing("-", with: "+").replacing("_", with: "/")
            return try JSONValue(parsing: try #require(Data(base64Encoded: standard)))
        }
        let password = RegistryCredentials.password(user: "u>>>", password: "p???").engineHeader(for: "docker.io")
        #expect(!password.contains("+") && !password.contains("/"))
        #expect(
            try decoded(password) == [
                "username": "u>>>", "password": "p???", "serveraddress": "https://index.docker.io/v1/",
            ])
        #expect(
            try decoded(RegistryCredentials.identityToken("t").engineHeader(for: "ghcr.io")) == [
                "identitytoken": "t", "serveraddress": "ghcr.io",
            ])
        #expect(try decoded(RegistryCredentials.anonymous.engineHeader(for: "ghcr.io")) == [:])
        #expect(!"\(RegistryCredentials.identityToken("secret"))".contains("secret"))
    }

    @Test("Lines end with any line end, however they are cut")
    func lines() {
        let bytes = Array("a\r\nb\rc\n\n\nd".utf8)
        for size in 1...bytes.count {
            var splitter = LineSplitter()
            var lines: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += splitter.receive(bytes[start..<min(start + size, bytes.count)])
            }
            if let last = splitter.finish() { lines.append(last) }
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c", "d"])
        }
    }
}
