/// Entries of a context's archive that a builder reads and a build must not see. Docker takes a Dockerfile from where the
/// ignore file excludes it, and yet copies it nowhere.
package struct HiddenEntries: Hashable, Sendable {
    /// Paths inside the archive, the Dockerfile's first.
    package let paths: [String]
    /// Claims that a `.dockerignore` in the archive excludes them, which is what the engine's classic builder goes by.
    package let areIgnored: Bool

    package init(_ paths: [String], areIgnored: Bool) {
        self.paths = paths
        self.areIgnored = areIgnored
    }
}
