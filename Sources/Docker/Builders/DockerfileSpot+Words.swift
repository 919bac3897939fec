import DeploymentModel

extension DockerfileSpot {
    /// Finds where a build failed in what its builder printed; `nil` where that does not tell.
    ///
    /// - buildx shows the lines of the Dockerfile under `Dockerfile:3` and a line of dashes;
    /// - BuildKit and the classic builder name the line of what they can't parse;
    /// - the engine's API tells of steps alone: `#7 [2/3] RUN make` before `#7 ERROR: …`, and the classic builder
    ///   `Step 2/3 : RUN make`.
    ///
    /// - Parameters:
    ///   - words: the line in which the builder says what failed.
    ///   - log: the end of the output.
    init?(words: String, log: String?) {
        let lines = (log ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let line = Self.shown(lines) ?? Self.unparsed(words) ?? lines.lazy.compactMap(Self.unparsed).first
        let instruction = Self.step(lines) ?? Self.process(words)
        guard line != nil || instruction != nil else { return nil }
        self.init(line: line, instruction: instruction)
    }

    /// The number behind the last colon of a line over dashes.
    private static func shown(_ lines: [String]) -> Int? {
        for (line, next) in zip(lines, lines.dropFirst()).reversed()
        where next.count >= 8 && next.allSatisfy({ $0 == "-" }) {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 1, let number = parts.last.flatMap({ Int($0) }), number > 0 { return number }
        }
        return nil
    }

    /// `parse error on line 3: …`, and `parse error line 3: …` of older ones.
    private static func unparsed(_ text: String) -> Int? {
        for mark in ["parse error on line ", "parse error line "] {
            guard let range = text.firstRange(of: mark) else { continue }
            let number = Int(text[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
            return number.flatMap { $0 > 0 ? $0 : nil }
        }
        return nil
    }

    /// The step that an `ERROR` belongs to, or the last one that the classic builder began.
    private static func step(_ lines: [String]) -> String? {
        for line in lines.reversed() {
            if line.hasPrefix("Step "), let range = line.firstRange(of: " : ") {
                return String(line[range.upperBound...])
            }
            guard line.hasPrefix("#"), let range = line.firstRange(of: " ERROR: ") else { continue }
            let head = line[..<range.lowerBound] + " ["
            guard let start = lines.first(where: { $0.hasPrefix(head) }), let end = start.firstRange(of: "] ") else {
                return nil
            }
            return String(start[end.upperBound...])
        }
        return nil
    }

    /// `process "/bin/sh -c make" did not complete successfully`.
    private static func process(_ words: String) -> String? {
        guard let start = words.firstRange(of: "process \"/bin/sh -c "),
            let end = words.firstRange(of: "\" did not complete")
        else { return nil }
        return "RUN \(words[start.upperBound..<end.lowerBound])"
    }
}
