package import DeploymentModel

/// An image that has to be in the OCI registry of the environment that takes it over, before that may want it.
package struct ImageCopy: Hashable, Sendable, Codable {
    /// `repository@sha256:…`, where the source has it.
    package let from: ImageReference
    /// The same digest, where the target will have it.
    package let to: ImageReference
    /// The content tag, in both repositories; `nil` where the image is of no known inputs.
    package let tag: String?
}

/// Where an environment has the images of another one.
///
/// What lies below the source's OCI registry has its place below the target's, at the same path. What lies anywhere else,
/// a tracked image of some hub or one whose spec names its repository, stays where it is.
struct ImagePlacement {
    private let source: ImageReference?
    private let target: ImageReference?

    /// - Parameters: as the environments name their OCI registries: `ghcr.io/acme`.
    init(from source: String, to target: String) {
        self.source = try? ImageReference("\(source)/\(Self.any)")
        self.target = try? ImageReference("\(target)/\(Self.any)")
    }

    /// A revision with its images where the target has them.
    func revision(_ revision: RefRecord.Revision) -> RefRecord.Revision {
        RefRecord.Revision(
            commit: revision.commit, specHash: revision.specHash, pins: revision.pins.mapValues(place),
            keys: revision.keys)
    }

    /// What has to be copied for that, by platform.
    func copies(of revision: RefRecord.Revision) -> [ImageCopy] {
        revision.pins.sorted { $0.key < $1.key }.compactMap { platform, image in
            let place = place(of: image)
            guard place != image, let digest = image.digest else { return nil }
            return ImageCopy(from: image, to: place, tag: revision.keys[platform]?.contentTag(platform, digest))
        }
    }

    private func place(of image: ImageReference) -> ImageReference {
        guard let source, let target, Self.path(of: image, below: target) == nil,
            let path = Self.path(of: image, below: source)
        else { return image }
        return ImageReference(
            registry: target.registry, path: "\(target.path.dropLast(Self.any.count))\(path)", digest: image.digest)
    }

    /// The path of an image below a registry and a path in it; `nil` where it lies elsewhere.
    private static func path(of image: ImageReference, below place: ImageReference) -> Substring? {
        let prefix = place.path.dropLast(any.count)
        guard image.registry == place.registry, image.path.hasPrefix(prefix) else { return nil }
        return image.path.dropFirst(prefix.count)
    }

    /// Stands for any repository.
    private static let any = "any"
}
