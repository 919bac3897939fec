/// Why folders can't be watched.
package struct FolderWatchError: Error, Hashable, CustomStringConvertible {
    package let description: String
    /// What to do about it, where something can be done.
    package let remedy: String?

    init(_ description: String, remedy: String? = nil) {
        self.description = description
        self.remedy = remedy
    }
}
