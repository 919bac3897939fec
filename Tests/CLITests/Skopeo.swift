import Crypto
import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// Looks at images with a tool that shares no code with Pinion.
enum Skopeo {
    /// The SHA-256 of the manifest that the OCI registry gives for this digest, and the image's config.
    static func look(at image: ImageReference) async throws -> (digest: String, config: JSONValue) {
        let raw = try await Pinion.run("skopeo", ["inspect", "--tls-verify=false", "--raw", "docker://\(image)"])
        #expect(raw.exitCode == 0, "\(raw.stderr)")
        let hash = SHA256.hash(data: Array(raw.stdout.utf8)).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }
        let config = try await Pinion.run(
            "skopeo", ["inspect", "--tls-verify=false", "--config", "--raw", "docker://\(image)"])
        return ("sha256:" + hash.joined(), try config.json())
    }

    /// The machines (ELF `e_machine`) of all programs and libraries in the image's layers.
    static func machines(in image: ImageReference) async throws -> Set<Int> {
        let folder = try TemporaryFolder()
        let copy = try await Pinion.run(
            "skopeo", ["copy", "--quiet", "--src-tls-verify=false", "docker://\(image)", "dir:\(folder.path)/image"])
        #expect(copy.exitCode == 0, "\(copy.stderr)")
        var machines: Set<Int> = []
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: folder.path + "/image")) ?? []
        where name.utf8.count == 64 {
            let path = "\(folder.path)/image/\(name)"
            let unpacked = "\(folder.path)/\(name)"
            try FileManager.default.createDirectory(atPath: unpacked, withIntermediateDirectories: true)
            // The config is a file of that kind too, and no archive.
            let tar = try await Pinion.run("tar", ["-xf", path, "-C", unpacked, "--no-same-owner"])
            guard tar.exitCode == 0 else { continue }
            for file in (try? FileManager.default.subpathsOfDirectory(atPath: unpacked)) ?? [] {
                if let machine = machine(of: "\(unpacked)/\(file)") { machines.insert(machine) }
            }
        }
        return machines
    }

    private static func machine(of path: String) -> Int? {
        guard let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType,
            type == .typeRegular, let data = FileManager.default.contents(atPath: path), data.count > 20,
            data.prefix(4).elementsEqual([0x7F, 0x45, 0x4C, 0x46])
        else { return nil }
        return Int(data[18]) | Int(data[19]) << 8
    }
}
