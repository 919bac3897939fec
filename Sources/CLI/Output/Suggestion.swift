import RegistryCatalog

/// What to do about a name that nothing has.
enum Suggestion {
    /// `Did you mean 'staging'? There is: local, main, staging.` The near one is left out where none is near.
    ///
    /// - Parameter otherwise: where there is nothing at all.
    static func text(for name: String, among known: [String], otherwise: String? = nil) -> String? {
        guard !known.isEmpty else { return otherwise }
        let all = "There is: \(known.joined(separator: ", "))."
        guard let near = near(name, among: known) else { return all }
        return "Did you mean '\(near)'? \(all)"
    }

    /// The name that is meant: one that goes on where this one ends, as a ref without its version does; or the nearest.
    static func near(_ name: String, among known: [String]) -> String? {
        let longer = known.filter { $0.hasPrefix(name + "@") || $0.hasSuffix("/" + name) || $0.contains("/\(name)@") }
        return longer.count == 1 ? longer[0] : nearest(to: name, among: known)
    }
}
