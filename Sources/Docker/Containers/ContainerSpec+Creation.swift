import DeploymentModel
import JSON

import struct Crypto.SHA256

/// Labels of the containers that Pinion starts.
package enum ContainerLabel {
    package static let ref = "dev.pinion.ref"
    package static let spec = "dev.pinion.spec"
    /// The names of the secrets that a container was started with, never a value.
    package static let secrets = "dev.pinion.secrets"
    /// Whose it is: the environment, and where its records are.
    package static let environment = "dev.pinion.environment"
    package static let repository = "dev.pinion.repository"
    /// Of what lasts for one run only.
    package static let run = "dev.pinion.run"
}

extension ContainerSpec {
    /// The body of `POST /containers/create`: no privileges, no capabilities, a root that can't be written to, limits, and
    /// the network that it may have.
    ///
    /// - Parameter processors: how many the engine has; it refuses to limit a container to more.
    func creation(processors: Int) -> JSONValue {
        let port = "\(port)/tcp"
        var host: [String: JSONValue] = [
            "NanoCpus": .integer(Int64(min(limits.cpu, Double(max(1, processors))) * 1e9)),
            "Memory": .integer(Int64(limits.memoryBytes)),
            // Memory and swap together: no swap.
            "MemorySwap": .integer(Int64(limits.memoryBytes)),
            "PidsLimit": .integer(Int64(Self.processLimit)),
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": .bool(!hasWritableRoot),
            "Tmpfs": ["/tmp": "rw,nosuid,nodev,mode=1777"],
            "RestartPolicy": ["Name": "no"],
        ]
        if let world {
            host["Mounts"] = [["Type": "bind", "Source": .string(world), "Target": "/world", "ReadOnly": true]]
        }
        switch network {
        case .published: host["PortBindings"] = .object([port: [["HostIp": "127.0.0.1", "HostPort": ""]]])
        case .none: host["NetworkMode"] = "none"
        case .internal(let name): host["NetworkMode"] = .string(name)
        }
        var labels: [String: JSONValue] = [
            ContainerLabel.ref: .string(ref.description), ContainerLabel.spec: .string(specHash),
        ]
        if !secretNames.isEmpty { labels[ContainerLabel.secrets] = .string(secretNames.joined(separator: ",")) }
        labels[ContainerLabel.environment] = owner.map { .string($0.environment) }
        labels[ContainerLabel.repository] = owner.map { .string($0.repository) }
        labels[ContainerLabel.run] = run.map { .string($0.text) }
        return [
            "Image": .string(image),
            "Env": .array(environment.sorted { $0.key < $1.key }.map { .string("\($0.key)=\($0.value)") }),
            "Labels": .object(labels),
            "ExposedPorts": .object([port: [:]]),
            "HostConfig": .object(host),
        ]
    }

    /// The same under a name of its owner's own: `pinion-text-stats-v1-60d28ccbbfe3-1f0c9a27`, the last eight digits of the
    /// SHA-256 of both parts of the owner; `nil` where there is none, or it has that name.
    var underOwnName: ContainerSpec? {
        guard let owner else { return nil }
        let hash = SHA256.hash(data: Array("\(owner.repository)\n\(owner.environment)".utf8))
        let ending =
            "-"
            + hash.prefix(4).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        return name.hasSuffix(ending) ? nil : named(name + ending)
    }

    /// Processes and threads of one container: enough for a busy Python server, too few for a fork bomb.
    static var processLimit: Int { 512 }
}

extension ObservedContainer {
    /// Reads an entry of `GET /containers/json`; `nil` without Pinion's label or with one that is no ref.
    init?(listed json: JSONValue) {
        guard let id = json["Id"]?.stringValue, let labels = json["Labels"],
            let ref = labels[ContainerLabel.ref]?.stringValue.flatMap({ try? ProcessorRef($0) })
        else { return nil }
        let isRunning = json["State"]?.stringValue == "running"
        let ports = json["Ports"]?.arrayValue ?? []
        let published = ports.first {
            $0["IP"]?.stringValue == "127.0.0.1" && $0["Type"]?.stringValue == "tcp" && $0["PublicPort"] != nil
        }
        self.init(
            id: id, name: Self.name(json["Names"]?[0]), ref: ref, imageID: json["ImageID"]?.stringValue ?? "",
            isRunning: isRunning, specHash: labels[ContainerLabel.spec]?.stringValue,
            hostPort: isRunning ? published?["PublicPort"]?.intValue.map { Int($0) } : nil,
            image: json["Image"]?.stringValue, secretNames: Self.secretNames(labels), owner: Self.owner(labels))
    }

    /// Reads the answer of `GET /containers/…/json`.
    init?(inspected json: JSONValue) {
        guard let id = json["Id"]?.stringValue, let labels = json["Config"]?["Labels"],
            let ref = labels[ContainerLabel.ref]?.stringValue.flatMap({ try? ProcessorRef($0) })
        else { return nil }
        let isRunning = json["State"]?["Running"]?.boolValue ?? false
        let bindings = (json["NetworkSettings"]?["Ports"]?.objectValue ?? [:]).sorted { $0.key < $1.key }
            .compactMap { $0.value[0]?["HostPort"]?.stringValue }
        self.init(
            id: id, name: Self.name(json["Name"]), ref: ref, imageID: json["Image"]?.stringValue ?? "",
            isRunning: isRunning, specHash: labels[ContainerLabel.spec]?.stringValue,
            hostPort: isRunning ? bindings.first.flatMap { Int($0) } : nil,
            image: json["Config"]?["Image"]?.stringValue, secretNames: Self.secretNames(labels),
            owner: Self.owner(labels))
    }

    private static func owner(_ labels: JSONValue) -> ContainerOwner? {
        guard let environment = labels[ContainerLabel.environment]?.stringValue,
            let repository = labels[ContainerLabel.repository]?.stringValue
        else { return nil }
        return ContainerOwner(environment: environment, repository: repository)
    }

    private static func secretNames(_ labels: JSONValue) -> [String] {
        (labels[ContainerLabel.secrets]?.stringValue ?? "").split(separator: ",").map(String.init)
    }

    private static func name(_ json: JSONValue?) -> String {
        let name = json?.stringValue ?? ""
        return name.hasPrefix("/") ? String(name.dropFirst()) : name
    }
}
