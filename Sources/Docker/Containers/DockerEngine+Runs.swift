package import DeploymentModel
import FoundationEssentials
import HTTP
import JSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What lasts for one run only: networks, marks, and what is left of runs that died.
extension DockerEngine {
    package func createNetwork(_ name: String, run: RunMark) async throws(Failure) {
        try await client.createInternalNetwork(name, labels: [ContainerLabel.run: run.text])
    }

    package func removeNetwork(_ name: String) async throws(Failure) { try await client.removeNetwork(name) }

    package func addresses(of id: String, on network: String) async throws(Failure) -> NetworkAddresses? {
        guard let entry = try await client.container(id)?["NetworkSettings"]?["Networks"]?[network],
            let own = entry["IPAddress"]?.stringValue, !own.isEmpty
        else { return nil }
        // An internal network has a gateway that leads nowhere; it is this host's address there all the same.
        var host = entry["Gateway"]?.stringValue ?? ""
        if host.isEmpty {
            let facts = try await client.json(.init(.get, "/networks/\(HTTPURL.percentEncoded(network))"))
            host = facts?["IPAM"]?["Config"]?[0]?["Gateway"]?.stringValue ?? ""
        }
        return host.isEmpty ? nil : NetworkAddresses(container: own, host: host)
    }

    package func container(
        _ id: String, has environment: [String: String], world: String?
    ) async throws(Failure) -> Bool {
        guard let json = try await client.container(id) else { return false }
        // The values are the engine's own memory of them; they are compared here and kept nowhere.
        let own = Set((json["Config"]?["Env"]?.arrayValue ?? []).compactMap(\.stringValue))
        guard environment.allSatisfy({ own.contains("\($0.key)=\($0.value)") }) else { return false }
        let mounted = (json["Mounts"]?.arrayValue ?? []).first { $0["Destination"] == "/world" }
        return mounted?["Source"]?.stringValue == world
    }

    package func processID(of id: String) async throws(Failure) -> Int? {
        guard case .unix = client.address.endpoint,
            let json = try await client.container(id), json["State"]?["Running"]?.boolValue == true,
            let process = json["State"]?["Pid"]?.intValue, process > 0, let fullID = json["Id"]?.stringValue
        else { return nil }
        // A socket may lead to an engine elsewhere, whose process ids mean others here: the files that the engine mounts
        // into every container name it.
        guard let mounts = FileManager.default.contents(atPath: "/proc/\(process)/mountinfo"),
            String(decoding: mounts, as: UTF8.self).contains("/\(fullID)/")
        else { return nil }
        return Int(process)
    }

    package func removeLeftovers() async throws(Failure) -> Int {
        var count = 0
        for container in try await client.containers(label: ContainerLabel.run) {
            guard let id = container["Id"]?.stringValue, Self.isLeftOver(container["Labels"]) else { continue }
            try await client.removeContainer(id)
            count += 1
        }
        for network in try await client.networks(label: ContainerLabel.run) {
            guard let id = network["Id"]?.stringValue, Self.isLeftOver(network["Labels"]) else { continue }
            // Another process may be faster, or a container of the network not be gone yet: then the next run does it.
            guard (try? await client.removeNetwork(id)) != nil else { continue }
            count += 1
        }
        return count
    }

    /// Removes an image that lost its last name to another; one that is gone is no error.
    package func removeImage(_ id: String) async throws(Failure) { try await client.removeImage(id) }

    /// Takes away the names in a repository that processes gave which are no more, and the images with them.
    package func removeLeftovers(in repository: ImageReference) async throws(Failure) {
        for name in try await client.images(of: repository) {
            guard let mark = name.tag.flatMap({ RunMark(tag: $0) }), mark.isOfTheDead else { continue }
            try? await client.removeImage(name)
        }
    }

    private static func isLeftOver(_ labels: JSONValue?) -> Bool {
        guard let text = labels?[ContainerLabel.run]?.stringValue else { return false }
        return RunMark(text).isOfTheDead
    }
}

extension RunMark {
    /// The mark of this process: `<host>/<process id>/<its start>`, so that an id that is given away again is not taken
    /// for it.
    package static var ofThisProcess: RunMark {
        let process = ProcessInfo.processInfo.processIdentifier
        return RunMark("\(ProcessInfo.processInfo.hostName)/\(process)/\(start(of: Int(process)) ?? "0")")
    }

    /// The mark as the tag of an image that lasts as long as the process: `<host>_<process id>_<its start>`, and `.1` and so on
    /// for more of them.
    package func tag(_ number: Int = 0) -> String {
        text.replacing("/", with: "_") + (number == 0 ? "" : ".\(number)")
    }

    /// The mark in such a tag.
    init?(tag: String) {
        let parts = tag.split(separator: "_")
        guard parts.count >= 3, let start = parts[parts.count - 1].split(separator: ".").first else { return nil }
        let host = parts.dropLast(2).joined(separator: "_")
        self.init("\(host)/\(parts[parts.count - 2])/\(start)")
    }

    /// Claims that the process which made the mark was of this host and is no more.
    var isOfTheDead: Bool {
        let parts = text.split(separator: "/")
        guard parts.count == 3, parts[0] == ProcessInfo.processInfo.hostName, let process = Int(parts[1]) else {
            return false
        }
        if let start = Self.start(of: process) { return start != parts[2] }
        // Where processes of others can't be looked at, they can still be asked for.
        guard let id = pid_t(exactly: process) else { return true }
        return kill(id, 0) != 0 && errno == ESRCH
    }

    /// When a process started, in the system's own count (proc_pid_stat(5), field 22); `nil` when there is none.
    private static func start(of process: Int) -> String? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        // The name of the program, in parentheses, may hold anything.
        let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
        let fields = rest.split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }
}
