/// Markdown of at most so many bytes. What does not fit is left out by whole rows, and a last line says how many.
struct BoundedMarkdown {
    private let limit: Int
    private var body = ""
    private(set) var leftOut = 0

    /// What the last line takes.
    private static let reserve = 160

    /// - Parameter limit: in bytes of UTF-8.
    init(limit: Int) { self.limit = limit }

    /// Adds a paragraph, whole or not at all.
    mutating func add(_ paragraph: String) { add([paragraph], after: "", before: "\n") }

    /// Adds as many rows as fit, each on lines of its own, and nothing where not even the first does.
    ///
    /// - Parameters:
    ///   - opening: lines before them: the head of a table, the beginning of a fold.
    ///   - closing: lines after them.
    mutating func add(_ rows: [String], after opening: String, before closing: String = "\n") {
        guard !rows.isEmpty else { return }
        var room = limit - Self.reserve - body.utf8.count - opening.utf8.count - closing.utf8.count
        var taken = 0
        for row in rows {
            room -= row.utf8.count + 1
            guard room >= 0 else { break }
            taken += 1
        }
        leftOut += rows.count - taken
        guard taken > 0 else { return }
        body += opening + rows.prefix(taken).map { $0 + "\n" }.joined() + closing
    }

    /// - Parameter place: where the rest is to be found, as a sentence.
    func text(rest place: String) -> String {
        guard leftOut > 0 else { return body }
        let line = "\n_\(counted(leftOut, "row")) left out here. \(place)_\n"
        // A limit that not even this line keeps is kept by nothing at all.
        return body.utf8.count + line.utf8.count <= limit ? body + line : body
    }
}
