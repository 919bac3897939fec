/// How much one run may upload, in bytes.
package struct ArtifactLimits: Hashable, Sendable {
    /// For one file.
    package var file: Int64 = 1 << 30
    /// For all files together.
    package var total: Int64 = 4 << 30
    /// For the index, which is kept in memory.
    package var index: Int64 = 8 << 20

    package init() {}
}
