import DeploymentModel
import JSON

@testable import OCI

/// A tar archive in the making, as the format has it and no more.
struct SampleTar {
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ path: String, _ content: [UInt8] = [], type: Character = "0", link: String = "", mode: String = "0000755",
        time: Int = 0
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(String(path.prefix(100)), 0)
        put(mode, 100)
        put(octal(content.count, 11), 124)
        if time != 0 { put(octal(time, 11), 136) }
        put(String(repeating: " ", count: 8), 148)
        put(String(type), 156)
        put(String(link.prefix(100)), 157)
        put("ustar", 257)
        put("00", 263)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\0 ", 148)
        bytes += block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func link(_ path: String, to target: String) { add(path, type: "2", link: target) }

    mutating func addELF(_ path: String, _ machine: Int, loader: String? = nil) {
        add(path, SampleELF.bytes(machine, loader: loader))
    }

    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// The head of an ELF program.
enum SampleELF {
    static let amd64 = 62
    static let arm64 = 183

    /// - Parameter place: where the loader's name stands.
    static func bytes(
        _ machine: Int, loader: String? = nil, at place: Int = 600, type: Int = 2, is64: Bool = true
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        func put(_ number: Int, _ offset: Int, _ count: Int) {
            for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        }
        bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, is64 ? 2 : 1, 1])
        put(type, 16, 2)
        put(machine, 18, 2)
        put(is64 ? 64 : 52, is64 ? 32 : 28, is64 ? 8 : 4)
        put(is64 ? 56 : 32, is64 ? 54 : 42, 2)
        put(2, is64 ? 56 : 44, 2)
        let header = is64 ? 64 + 56 : 52 + 32
        guard let loader else { return bytes }
        put(3, header, 4)
        put(place, header + (is64 ? 8 : 4), is64 ? 8 : 4)
        put(loader.utf8.count + 1, header + (is64 ? 32 : 16), is64 ? 8 : 4)
        bytes += [UInt8](repeating: 0xAA, count: place - bytes.count)
        return bytes + Array(loader.utf8) + [0]
    }
}

extension FakeRegistry {
    /// Stores an image of these layers.
    func addImage(
        _ architecture: String, layers: [[UInt8]], config more: [String: JSONValue] = [:], variant: String? = nil,
        layerType: String = "application/vnd.oci.image.layer.v1.tar+gzip", path: String = "x/y"
    ) throws -> ImageReference {
        var config: [String: JSONValue] = [
            "architecture": .string(architecture), "os": architecture == "unknown" ? "unknown" : "linux",
            "config": .object(more),
        ]
        config["variant"] = variant.map { .string($0) }
        let bytes = Array(JSONValue.object(config).compact.utf8)
        let blob = addBlob(bytes)
        let descriptors: [JSONValue] = layers.map { layer in
            [
                "mediaType": .string(layerType), "digest": .string(addBlob(layer).description),
                "size": .integer(Int64(layer.count)),
            ]
        }
        let digest = add([
            "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue), "layers": .array(descriptors),
            "config": [
                "mediaType": "application/vnd.oci.image.config.v1+json", "digest": .string(blob.description),
                "size": .integer(Int64(bytes.count)),
            ],
        ])
        return try image("\(path)@\(digest)")
    }
}
