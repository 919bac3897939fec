package import DeploymentModel
import JSON

extension OCIRegistryClient {
    /// Looks into an image: whether its config, what it starts and the loader of that are for one platform.
    ///
    /// Layers are streamed; nothing is unpacked to disk and nothing is run.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` for an index, an attestation, a platform that Pinion does not know, or
    ///   programs of another processor; `ERR_IMAGE_PULL` or `ERR_NETWORK` when it can't be had or read.
    package func inspect(_ image: ImageReference) async throws(Failure) -> ImageInspection {
        let manifest = try await manifest(of: image)
        guard case .image(let descriptor, let layers) = manifest.content else {
            throw Failure(
                .imagePlatform, "\(image) is an index of several platforms, not an image",
                remedy: "Pin the digest of one platform's manifest.")
        }
        guard !layers.contains(where: { $0.mediaType.contains("in-toto") }) else {
            throw Failure(
                .imagePlatform, "\(image) is an attestation, a statement about an image, and no image itself",
                remedy: "Pin the digest of the image's own manifest.")
        }
        let (platform, config) = try await config(of: image, descriptor)
        var facts: [(Digest, LayerFacts)] = []
        for layer in layers { facts.append((layer.digest, try await self.facts(of: layer, in: image))) }
        var judge = ImageJudge(image, platform, config: config, layers: facts)
        return try judge.judge()
    }

    /// Looks into the images of a pair: each is for its slot, and they are not one image under two names.
    ///
    /// - Returns: what is odd but need not be wrong.
    /// - Throws: as `inspect`, and `ERR_IMAGE_PLATFORM` for an image in a slot that is not its own.
    @discardableResult
    package func inspectPair(_ images: [Platform: ImageReference]) async throws(Failure) -> [String] {
        var inspections: [ImageInspection] = []
        for (slot, image) in images.sorted(by: { $0.key < $1.key }) {
            let inspection = try await inspect(image)
            guard inspection.platform == slot else {
                throw Failure(
                    .imagePlatform, "\(image) stands in the slot of \(slot.oci) and is for \(inspection.platform.oci)",
                    remedy: "Pin the digest of the manifest for \(slot.oci).")
            }
            inspections.append(inspection)
        }
        if let first = inspections.first, inspections.count > 1,
            inspections.allSatisfy({ $0.layers == first.layers && $0.hasPrograms })
        {
            let names = images.values.map(\.description).sorted().joined(separator: " and ")
            throw Failure(
                .imagePlatform,
                "\(names) have the same layers with programs in them, so one of them is for no platform of its own",
                remedy: "Build each platform for itself: let the last FROM follow the target platform.")
        }
        return inspections.flatMap(\.warnings)
    }

    /// The config of an image, and the platform that it claims.
    func config(
        of image: ImageReference, _ descriptor: Descriptor
    ) async throws(Failure) -> (Platform, JSONValue) {
        let bytes = try await document(descriptor, of: image)
        guard let json = try? JSONValue(parsing: bytes), let os = json["os"]?.stringValue,
            let architecture = json["architecture"]?.stringValue
        else {
            throw Failure(.imagePlatform, "\(image) is no container image: its config names no platform")
        }
        guard os == "linux", let platform = Platform(rawValue: architecture) else {
            throw Failure(
                .imagePlatform, "\(image) is for \(os)/\(architecture); Pinion knows linux/amd64 and linux/arm64")
        }
        let plain = platform == .amd64 ? ["", "v1"] : ["", "v8"]
        let variant = json["variant"]?.stringValue ?? ""
        guard plain.contains(variant) else {
            throw Failure(
                .imagePlatform,
                "\(image) is for \(platform.oci)/\(variant), which not every \(platform) processor runs",
                remedy: "Build it for \(platform.oci) without a variant.")
        }
        return (platform, json)
    }

    private func facts(of layer: Descriptor, in image: ImageReference) async throws(Failure) -> LayerFacts {
        if let known = layerCache?.facts(of: layer.digest) { return known }
        let facts = try await pass(over: layer, of: image, LayerReader.Collector.init).facts
        layerCache?.keep(facts, of: layer.digest)
        return facts
    }

    /// Streams a layer past a visitor.
    func pass<Visitor: TarReader.Visitor>(
        over layer: Descriptor, of image: ImageReference, _ visitor: (LayerReader.Limits) -> Visitor
    ) async throws(Failure) -> Visitor {
        let limits = LayerReader.Limits(compressedSize: Int(clamping: layer.size))
        var pass = LayerPass(limits, visitor(limits))
        let blob = try await blob(layer.digest, size: layer.size, of: image)
        do {
            for try await chunk in blob { try pass.push(chunk) }
            return try pass.finish()
        } catch let failure as Failure {
            throw failure
        } catch let error as LayerReader.Unreadable {
            throw Failure(
                .imagePlatform,
                "\(image) can't be looked into: its layer \(layer.digest) can't be read, \(error.reason)",
                remedy: "Build and push the image again.")
        } catch {
            throw Failure(.imagePull, "the layer \(layer.digest) of \(image) can't be read: \(error)")
        }
    }
}
