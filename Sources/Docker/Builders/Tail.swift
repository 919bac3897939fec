/// The last lines of a long output, for the detail of a failure.
struct Tail {
    private let limit: Int
    private(set) var lines: [String] = []

    init(limit: Int = 40) {
        self.limit = limit
    }

    mutating func append(_ line: String) {
        if lines.count == limit { lines.removeFirst() }
        lines.append(line)
    }

    /// `nil` when there was no output.
    var text: String? { lines.isEmpty ? nil : lines.joined(separator: "\n") }
}
