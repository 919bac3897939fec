import DeploymentModel

/// Finds base images in a build's output: `#5 [1/2] FROM docker.io/library/python:3.12@sha256:…`.
struct BaseImages {
    /// Sorted, because a builder tells of them in any order, and the record of equal builds is to be the same.
    var images: [ImageReference] { found.sorted { $0.description < $1.description } }
    private var found: Set<ImageReference> = []

    mutating func receive(_ line: String) {
        guard line.contains("] FROM "), let last = line.split(separator: " ").last,
            let image = try? ImageReference(String(last)), image.digest != nil
        else { return }
        found.insert(image)
    }
}

/// What a builder's output leaves behind, collected while it streams from any thread.
struct BuildOutput {
    var bases = BaseImages()
    var tail = Tail()

    mutating func receive(_ line: String) {
        bases.receive(line)
        tail.append(line)
    }
}
