/// What others wrote, in a log that GitHub's runner reads commands from: wherever a line begins with `::`, or has `##[` in
/// it, the runner would do what it says (`add-mask`, `stop-commands`, annotations). A backslash in it keeps it text.
///
/// A text may come in pieces, and the runner reads its lines whole: so does this.
struct WorkflowLog {
    enum Stream { case output, error }

    /// Where a stream is in its line.
    private struct Line {
        /// Nothing but white space is in it, which the runner skips.
        var isAtStart = true
        /// The colon that it begins with is the last that was written.
        var hasColon = false
        /// So many `#` were written last.
        var hashes = 0
    }

    private var lines: [Stream: Line] = [:]

    /// The next piece of a stream, as it may be written.
    mutating func text(_ text: String, to stream: Stream) -> String {
        var line = lines[stream] ?? Line()
        var result = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let isCommand = line.isAtStart && scalar == ":" && index + 1 < scalars.count && scalars[index + 1] == ":"
            let isRest = line.hasColon && scalar == ":"
            let isOldCommand = line.hashes > 1 && scalar == "["
            if isCommand || isRest || isOldCommand { result.append("\\") }
            result.append(scalar)
            line.hasColon = line.isAtStart && scalar == ":" && !isCommand
            line.hashes = scalar == "#" ? line.hashes + 1 : 0
            if scalar == "\n" || scalar == "\r" {
                line.isAtStart = true
            } else if scalar.isASCII, scalar.value > 0x20, scalar.value != 0x7F {
                // A command begins with nothing but white space.
                line.isAtStart = false
            }
        }
        lines[stream] = line
        // Where both streams are one pipe, a line that the other one ends is over for this one, too.
        if scalars.contains(where: { $0 == "\n" || $0 == "\r" }) {
            let other: Stream = stream == .output ? .error : .output
            lines[other]?.isAtStart = true
        }
        return String(result)
    }
}
