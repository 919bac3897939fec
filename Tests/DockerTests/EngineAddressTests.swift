import DeploymentModel
import FoundationEssentials
import Testing

@testable import Docker

@Suite("Where the engine is")
struct EngineAddressTests {
    @Test(
        "Addresses in the spelling of DOCKER_HOST", .tags(.small),
        arguments: [
            ("unix:///run/user/1/docker.sock", EngineAddress.Endpoint.unix(path: "/run/user/1/docker.sock")),
            ("tcp://10.0.0.5:2375", .tcp(url: "http://10.0.0.5:2375")),
            ("http://host:2375/", .tcp(url: "http://host:2375")), ("https://host:2376", .tcp(url: "https://host:2376")),
        ])
    func read(text: String, expected: EngineAddress.Endpoint) throws {
        #expect(try EngineAddress(text).endpoint == expected)
    }

    @Test(
        "What can't be reached is refused with what to do", .tags(.small),
        arguments: [
            "ssh://host", "npipe:////./pipe/docker", "", "/var/run/docker.sock", "unix://relative", "tcp://",
            "tcp://h/p",
        ])
    func refused(text: String) {
        #expect {
            try EngineAddress(text)
        } throws: {
            ($0 as? Failure)?.code == .docker && ($0 as? Failure)?.remedy != nil
        }
    }

    @Test("DOCKER_HOST wins, with TLS where it is asked for", .tags(.small))
    func host() throws {
        let environment = ["DOCKER_HOST": "tcp://h:2376", "DOCKER_CONTEXT": "other", "HOME": "/home/u"]
        #expect(try EngineAddress.resolve(environment: environment).endpoint == .tcp(url: "http://h:2376"))
        let secure = try EngineAddress.resolve(
            environment: environment.merging(["DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"]) { $1 })
        #expect(secure.endpoint == .tcp(url: "https://h:2376"))
        #expect(secure.certificates == "/c")
    }

    @Test("Without a word it is the standard socket", .tags(.small))
    func standard() throws {
        #expect(try EngineAddress.resolve(environment: [:]) == .standard)
        #expect(try EngineAddress.resolve(environment: ["DOCKER_HOST": "", "HOME": "/nowhere"]) == .standard)
    }

    @Test("The current context counts, DOCKER_CONTEXT before it, and one that is not there is an error", .tags(.medium))
    func contexts() throws {
        let files = FileManager.default
        let folder = files.temporaryDirectory.path + "/pinion-docker-\(UUID().uuidString)"
        defer { try? files.removeItem(atPath: folder) }
        func write(_ path: String, _ text: String) throws {
            let path = folder + "/" + path
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
            try files.createDirectory(atPath: parent, withIntermediateDirectories: true)
            #expect(files.createFile(atPath: path, contents: Data(text.utf8)))
        }
        func meta(_ name: String, _ host: String) -> String {
            #"{"Name":"\#(name)","Metadata":{},"Endpoints":{"docker":{"Host":"\#(host)"}}}"#
        }
        try write("config.json", #"{"currentContext":"work"}"#)
        try write("contexts/meta/aa/meta.json", meta("work", "unix:///work.sock"))
        try write("contexts/meta/bb/meta.json", meta("far", "tcp://far:2376"))
        try write("contexts/tls/bb/docker/ca.pem", "")

        var environment = ["DOCKER_CONFIG": folder]
        #expect(try EngineAddress.resolve(environment: environment).endpoint == .unix(path: "/work.sock"))
        environment["DOCKER_CONTEXT"] = "far"
        let far = try EngineAddress.resolve(environment: environment)
        #expect(far.endpoint == .tcp(url: "https://far:2376"))
        #expect(far.certificates == folder + "/contexts/tls/bb/docker")
        environment["DOCKER_CONTEXT"] = "default"
        #expect(try EngineAddress.resolve(environment: environment) == .standard)
        environment["DOCKER_CONTEXT"] = "none"
        #expect(throws: Failure.self) { try EngineAddress.resolve(environment: environment) }
    }
}
