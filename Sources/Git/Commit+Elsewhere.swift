import CGit2

extension Commit {
    /// A commit of a repository that is not at hand, of which no more is known. Its tree is git's null id.
    package init(elsewhere id: ObjectID, time: Int64) {
        self.init(
            id: id, tree: ObjectID(git_oid()), parents: [], time: time, message: "", author: "")
    }
}
