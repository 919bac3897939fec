package import DeploymentModel
import JSON

/// What is different between two images.
package struct ImageDifference: Hashable, Sendable, Codable {
    package struct Layer: Hashable, Sendable, Codable {
        /// Which one, from the bottom, beginning with 1.
        package let number: Int
        /// The instruction that made it, as the image's history has it.
        package let instruction: String?
        /// An entry a line, and what of it differs.
        package let entries: [String]
    }

    /// The paths in the config whose values differ: `/config/Env/0`.
    package let config: [String]
    package let layers: [Layer]
    /// How many layers each has, where they have not the same number.
    package let layerCounts: [Int]

    package var isEmpty: Bool { config.isEmpty && layers.isEmpty && layerCounts.isEmpty }
}

extension OCIRegistryClient {
    /// Compares two images of the registry, down to the files of those layers that differ.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` when one is an index, `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func difference(
        between first: ImageReference, and second: ImageReference
    ) async throws(Failure) -> ImageDifference {
        let (one, other) = (try await parts(of: first), try await parts(of: second))
        let instructions = Self.instructions(one.config)
        var layers: [ImageDifference.Layer] = []
        for (index, pair) in zip(one.layers, other.layers).enumerated() where pair.0.digest != pair.1.digest {
            let mine = try await pass(over: pair.0, of: first) { _ in LayerListing() }
            let theirs = try await pass(over: pair.1, of: second) { _ in LayerListing() }
            layers.append(
                ImageDifference.Layer(
                    number: index + 1, instruction: index < instructions.count ? instructions[index] : nil,
                    entries: mine.differences(from: theirs)))
        }
        // Which layers there are shows in the config too, and is told with the layers.
        let config = Self.differences(one.config, other.config, at: "").filter {
            !$0.hasPrefix("/rootfs") && !(layers.isEmpty ? false : $0.hasPrefix("/history"))
        }
        let counts = [one.layers.count, other.layers.count]
        return ImageDifference(config: config, layers: layers, layerCounts: counts[0] == counts[1] ? [] : counts)
    }

    private func parts(of image: ImageReference) async throws(Failure) -> (config: JSONValue, layers: [Descriptor]) {
        let manifest = try await manifest(of: image)
        guard case .image(let descriptor, let layers) = manifest.content else {
            throw Failure(.imagePlatform, "\(image) is an index of several platforms, not an image")
        }
        return (try await config(of: image, descriptor).1, layers)
    }

    /// The instructions that made layers, one a layer.
    private static func instructions(_ config: JSONValue) -> [String] {
        (config["history"]?.arrayValue ?? []).filter { $0["empty_layer"]?.boolValue != true }
            .map { $0["created_by"]?.stringValue ?? "" }
    }

    private static func differences(_ one: JSONValue?, _ other: JSONValue?, at path: String) -> [String] {
        if one == other { return [] }
        if let mine = one?.objectValue, let theirs = other?.objectValue {
            return Set(mine.keys).union(theirs.keys).sorted().flatMap {
                differences(mine[$0], theirs[$0], at: path + "/" + $0)
            }
        }
        if let mine = one?.arrayValue, let theirs = other?.arrayValue, mine.count == theirs.count {
            return mine.indices.flatMap { differences(mine[$0], theirs[$0], at: "\(path)/\($0)") }
        }
        return [path]
    }
}
