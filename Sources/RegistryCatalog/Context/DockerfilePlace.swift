import DeploymentModel

/// Where an archive has the Dockerfile, so that no build gets to see one that it must not.
struct DockerfilePlace {
    /// A place that no build's own file has.
    private static let aside = ".pinion.Dockerfile"
    static let ignoreFile = ".dockerignore"

    let path: String
    /// `nil` where nothing has to be hidden: the build sees the Dockerfile anyway, or takes nothing from there.
    let hidden: HiddenEntries?

    /// - Parameters:
    ///   - own: the Dockerfile's place in the context; `nil` when it lies outside.
    ///   - files: what the build sees.
    ///   - isIgnored: whether it is the context's `.dockerignore` that excludes it, and no file of its own.
    ///   - takes: tells that the build may take what lies at a path.
    init(_ own: String?, among files: some Sequence<String>, isIgnored: Bool, takes: (String) -> Bool) {
        var hasIgnoreFile = false
        for file in files {
            if file == own {
                (path, hidden) = (file, nil)
                return
            }
            hasIgnoreFile = hasIgnoreFile || file == Self.ignoreFile
        }
        if let free = [own, Self.aside].compactMap(\.self).first(where: { !takes($0) }) {
            (path, hidden) = (free, nil)
        } else if let own, isIgnored, hasIgnoreFile {
            (path, hidden) = (own, HiddenEntries([own], areIgnored: true))
        } else if hasIgnoreFile {
            (path, hidden) = (Self.aside, HiddenEntries([Self.aside], areIgnored: false))
        } else {
            (path, hidden) = (Self.aside, HiddenEntries([Self.aside, Self.ignoreFile], areIgnored: true))
        }
    }
}

extension HiddenEntries {
    /// The `.dockerignore` that goes into an archive to hide the Dockerfile, where there is none that the build sees. Of its
    /// words the classic builder applies to the two files alone what names them.
    var ignoreFile: [UInt8]? { paths.contains(DockerfilePlace.ignoreFile) ? Array("*\n".utf8) : nil }
}
