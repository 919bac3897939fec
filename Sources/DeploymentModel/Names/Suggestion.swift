/// What to do about a name that nothing has.
package enum Suggestion {
    /// So many names are told.
    private static let shown = 20

    /// `Did you mean 'staging'? There is: local, main, staging.` The near one is left out where none is near.
    ///
    /// - Parameter otherwise: where there is nothing at all.
    package static func text(for name: String, among known: [String], otherwise: String? = nil) -> String? {
        guard !known.isEmpty else { return otherwise }
        let all = "There is: \(known.prefix(shown).joined(separator: ", "))\(known.count > shown ? ", …" : "")."
        guard let near = near(name, among: known) else { return all }
        return "Did you mean '\(near)'? \(all)"
    }

    /// The name that is meant: one that goes on where this one ends, as a ref without its version does; or the nearest.
    package static func near(_ name: String, among known: [String]) -> String? {
        let longer = known.filter { $0.hasPrefix(name + "@") || $0.hasSuffix("/" + name) || $0.contains("/\(name)@") }
        return longer.count == 1 ? longer[0] : nearest(to: name, among: known)
    }
}

/// The candidate with the smallest edit distance, if that is small enough to be a slip of the finger.
package func nearest(to text: String, among candidates: some Collection<String>) -> String? {
    let limit = max(1, text.count / 3)
    return candidates.map { (distance: editDistance(text, $0), text: $0) }
        .filter { $0.distance <= limit }
        .min { ($0.distance, $0.text) < ($1.distance, $1.text) }?.text
}

private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (i, a) in left.utf8.enumerated() {
        var previous = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let substitution = previous + (a == b ? 0 : 1)
            previous = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, previous + 1)
        }
    }
    return row[right.count]
}
