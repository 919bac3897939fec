import DeploymentModel

/// Which questions tell whether images are complete, each asked once however many images it is about. Asks nothing itself.
struct CompletenessSurvey {
    enum Question: Hashable {
        /// By digest.
        case manifest(ImageReference)
        /// In the repository of an image.
        case blob(Digest, ImageReference)
    }

    enum Answer {
        /// `nil`: the OCI registry has none.
        case manifest(Manifest?)
        case blob(isThere: Bool)
        case failure(Failure)
    }

    private var waiting: ArraySlice<Question> = []
    private var answers: [Question: Answer] = [:]
    private var known: Set<Question> = []

    init(of images: [ImageReference]) {
        for image in images where image.digest != nil { add(.manifest(image)) }
    }

    /// What to ask next; `nil` while nothing waits. Blobs come last: what one image lets ask costs the others no time.
    mutating func next() -> Question? { waiting.popFirst() }

    mutating func receive(_ answer: Answer, to question: Question) {
        answers[question] = answer
        guard case .manifest(let image) = question, case .manifest(let manifest?) = answer else { return }
        for part in Self.parts(of: manifest, image) { add(part) }
    }

    /// What the registry lacks of an image, once nothing waits any more.
    func missing(of image: ImageReference) throws(Failure) -> [Digest] {
        guard image.digest != nil else { throw Failure(.imageUnpinned, "\(image) is a tag, not a digest") }
        return try missing(.manifest(image))
    }

    private func missing(_ question: Question) throws(Failure) -> [Digest] {
        switch answers[question] {
        case .failure(let failure): throw failure
        case .manifest(let manifest?):
            guard case .manifest(let image) = question else { return [] }
            var missing: [Digest] = []
            for part in Self.parts(of: manifest, image) { missing += try self.missing(part) }
            return missing
        case .blob(isThere: true): return []
        case .manifest(nil), .blob(isThere: false), nil: return [question.digest].compactMap(\.self)
        }
    }

    private mutating func add(_ question: Question) {
        if known.insert(question).inserted { waiting.append(question) }
    }

    private static func parts(of manifest: Manifest, _ image: ImageReference) -> [Question] {
        switch manifest.content {
        case .index(let children): children.map { .manifest(image.pinned(to: $0.digest)) }
        case .image(let config, let layers): ([config] + layers).map { .blob($0.digest, image.repositoryAlone) }
        }
    }
}

extension CompletenessSurvey.Question {
    fileprivate var digest: Digest? {
        switch self {
        case .manifest(let image): image.digest
        case .blob(let digest, _): digest
        }
    }
}

extension ImageReference {
    /// So that images of one repository ask about the same blobs.
    fileprivate var repositoryAlone: ImageReference { ImageReference(registry: registry, path: path) }
}
