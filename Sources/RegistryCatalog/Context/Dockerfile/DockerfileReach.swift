package import DeploymentModel

/// What the build of one target takes from outside of the Dockerfile: files of the context, and images.
package struct DockerfileReach: Hashable, Sendable {
    /// A path in the context that an instruction takes: a file, or a folder with all that is in it.
    package struct Source: Hashable, Sendable {
        /// The parts of the path; each may be a pattern.
        let parts: [String]
        let line: Int
        let keyword: String

        package var path: String { parts.joined(separator: "/") }
    }

    /// An image that is no stage of the file.
    package struct Base: Hashable, Sendable {
        /// As written, variables included.
        package let text: String
        /// With its variables replaced; `nil` when only the build knows them.
        package let image: String?
        package let line: Int

        /// Claims that it is named by its digest, so that it can't change.
        package var isPinned: Bool { image?.contains("@sha256:") ?? false }
    }

    /// Why it can't be told which files are taken, as a clause; `nil` when it can.
    package internal(set) var unprovable: String?
    package internal(set) var sources: [Source] = []
    package internal(set) var bases: [Base] = []
    package internal(set) var findings: [DockerfileFinding] = []

    /// - Parameter target: a stage's name; `nil` stands for the last.
    package init(of file: Dockerfile, platform: Platform, args: [String: String], target: String?) {
        guard file.isOfKnownSyntax, args["BUILDKIT_SYNTAX"] == nil else {
            unprovable = "the Dockerfile is read by \(args["BUILDKIT_SYNTAX"] ?? file.syntax ?? "another frontend")"
            return
        }
        guard !file.stages.isEmpty else {
            unprovable = "the Dockerfile has no stage"
            return
        }
        guard let last = target.map({ file.stage($0) }) ?? file.stages.count - 1 else {
            let names = file.stages.compactMap(\.name)
            let near = target.flatMap { nearest(to: $0, among: names) }
            findings.append(
                DockerfileFinding(
                    .error, "there is no stage '\(target ?? "")'", line: 1,
                    fix: near.map { "did you mean '\($0)'?" } ?? "name one in build.target, or leave it out"))
            unprovable = "there is no such target"
            return
        }
        var walk = DockerfileWalk(file, platform: platform, args: args)
        walk.visit(last)
        sources = walk.sources
        bases = walk.bases
        findings = walk.findings
        unprovable = walk.unprovable
        // What such a base image copies by ONBUILD is written nowhere in the commit.
        if unprovable == nil, sources.isEmpty, !bases.isEmpty {
            unprovable = "no line takes anything from the context, but the base image may (ONBUILD)"
        }
    }

    /// What all of these take together.
    package static func union(_ all: [DockerfileReach]) -> DockerfileReach? {
        guard var union = all.first else { return nil }
        for other in all.dropFirst() {
            union.unprovable = union.unprovable ?? other.unprovable
            union.sources += other.sources.filter { !union.sources.contains($0) }
            union.bases += other.bases.filter { !union.bases.contains($0) }
            union.findings += other.findings.filter { !union.findings.contains($0) }
        }
        return union
    }
}
