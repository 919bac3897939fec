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

/// How many letters are added, left out, changed, or changed places with their neighbours.
private func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    var (before, row) = ([Int](), Array(0...right.count))
    for i in left.indices {
        var next = [i + 1]
        for j in right.indices {
            var distance = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                distance = min(distance, before[j - 1] + 1)
            }
            next.append(distance)
        }
        (before, row) = (row, next)
    }
    return row[right.count]
}
