package import DeploymentModel
package import Git

/// The images that the specs of all branches pin, and where they do.
package struct PinnedImages: Sendable {
    /// One place that pins an image.
    package struct Place: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let platform: Platform
        /// The branch, or the environment whose record it is.
        package let holder: String

        package init(ref: ProcessorRef, platform: Platform, holder: String) {
            self.ref = ref
            self.platform = platform
            self.holder = holder
        }
    }

    package private(set) var places: [ImageReference: [Place]] = [:]

    package init() {}

    /// Reads the tips of all branches, those of remotes included; each commit once.
    ///
    /// - Throws: `GitError` when git cannot be read. A spec that cannot be read pins nothing.
    package init(of repository: GitRepository) async throws(GitError) {
        var tips: [ObjectID: [String]] = [:]
        for space in ["refs/heads", "refs/remotes"] {
            for reference in try await repository.references(under: space) where !reference.hasSuffix("/HEAD") {
                guard let tip = try await repository.target(of: reference) else { continue }
                tips[tip, default: []].append(String(reference.dropFirst(space.count + 1)))
            }
        }
        for (tip, branches) in tips {
            let catalog = try await Catalog(of: repository.commit(at: tip.hex), in: repository)
            for spec in catalog.processors {
                for (platform, image) in spec.image.pins {
                    for branch in branches {
                        add(image, Place(ref: spec.ref, platform: platform, holder: branch))
                    }
                }
            }
        }
    }

    /// Takes a place into account.
    package mutating func add(_ image: ImageReference, _ place: Place) {
        if places[image]?.contains(place) != true { places[image, default: []].append(place) }
    }

    /// All images, sorted by their text.
    package var images: [ImageReference] { places.keys.sorted { $0.description < $1.description } }
}
