package import DeploymentModel

/// Which apps of an environment, where every branch and user has its own, are of branches that are gone (contract
/// "Environments, records and leases", removal). Pure.
package struct BranchPruning: Sendable {
    package struct Entry: Hashable, Sendable, Codable {
        package let app: String
        /// Claims that it is to be stopped.
        package let isGone: Bool
        /// As a clause.
        package let reason: String
        /// `nil` for what no tag and no name tells.
        package let branch: String?
        package let user: String?
    }

    /// By app.
    package let entries: [Entry]

    /// - Parameters:
    ///   - apps: all that the environment of Modal has.
    ///   - branches: those that the remote has now.
    package init(of apps: some Sequence<ObservedApp>, branches: [String]) {
        let tags = Set(branches.map(AppNaming.tag))
        let names = Dictionary(branches.map { (AppNaming.canonical($0), $0) }) { first, _ in first }
        entries = apps.sorted { $0.name < $1.name }.map { app in
            guard app.tags["managed-by"] == FunctionSpec.manager else {
                return Entry(app, isGone: false, "Pinion did not deploy it")
            }
            guard let branch = app.tags["branch"] else { return Self.byName(app, names) }
            return tags.contains(branch)
                ? Entry(app, isGone: false, "the remote has its branch")
                : Entry(app, isGone: true, "the remote has no branch \(branch)")
        }
    }

    /// An app without tags for its branch. Its name is `<branch>-<user>-<ref slug>`, and each `-` in it may be the one
    /// between branch and user: only when no way to read it gives a branch that is there is the branch gone.
    private static func byName(_ app: ObservedApp, _ branches: [String: String]) -> Entry {
        let slugs = app.functions.compactMap { AppNaming.refSlug(of: $0.name) }
        guard let slug = slugs.first(where: { app.name.hasSuffix("-" + $0) }) else {
            return Entry(app, isGone: false, "neither its tags nor its name tell of a branch")
        }
        let owner = String(app.name.dropLast(slug.count + 1))
        let readings = owner.indices.filter { owner[$0] == "-" }.map { String(owner[..<$0]) }
        guard !readings.isEmpty else {
            return Entry(app, isGone: false, "neither its tags nor its name tell of a branch")
        }
        if let branch = readings.lazy.compactMap({ branches[$0] }).first {
            return Entry(app, isGone: false, "by its name it may be of the branch \(branch)")
        }
        return Entry(app, isGone: true, "by its name it is of a branch that the remote does not have")
    }
}

extension BranchPruning.Entry {
    fileprivate init(_ app: ObservedApp, isGone: Bool, _ reason: String) {
        self.init(
            app: app.name, isGone: isGone, reason: reason, branch: app.tags["branch"], user: app.tags["user"])
    }
}
