/// The rules of a `.dockerignore` file, as Docker's builders match them (moby/patternmatcher): the last rule that fits
/// decides, `!` takes back, and a rule that fits a folder fits all below it.
package struct IgnoreRules: Hashable, Sendable {
    /// A line that Docker's builders refuse.
    package struct Malformed: Error, Hashable, Sendable {
        /// Counts from 1.
        package let line: Int
        /// What is wrong with it, as a clause.
        package let reason: String
    }

    private struct Rule: Hashable, Sendable {
        let pattern: PathPattern
        let isException: Bool
    }

    private let rules: [Rule]

    /// No rules: nothing is kept out.
    package init() { rules = [] }

    /// - Throws: `Malformed` for the first line that is no pattern.
    package init(_ text: String) throws(Malformed) {
        var rules: [Rule] = []
        let scalars = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
        for (index, line) in scalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.first != "#" else { continue }
            var pattern = Self.trim(line)
            guard !pattern.isEmpty else { continue }
            var isException = pattern.first == "!"
            if isException { pattern = Self.trim(pattern.dropFirst()) }
            guard !pattern.isEmpty else { throw Malformed(line: index + 1, reason: "'!' names nothing") }
            var path = Self.clean(String(pattern))
            // Docker looks for '!' once more when the leading slash is gone.
            if !isException, path.hasPrefix("!") { (isException, path) = (true, String(path.dropFirst())) }
            guard !path.isEmpty, !isException || path != "/" else {
                throw Malformed(line: index + 1, reason: "'!' names nothing")
            }
            do throws(PathPattern.Malformed) {
                let fitting = try PathPattern(path, acrossFolders: true)
                rules.append(Rule(pattern: fitting, isException: isException))
            } catch { throw Malformed(line: index + 1, reason: error.reason) }
        }
        self.rules = rules
    }

    /// Claims that the file at this path, relative to the context, is kept out of the context.
    package func excludes(_ path: String) -> Bool {
        var filter = Filter(self)
        return filter.excludes(path)
    }

    /// Answers for many paths; what it found about their folders it keeps.
    package struct Filter {
        /// For one path: the verdict, and which rules fit it or a folder above it.
        private struct Verdict {
            var isExcluded = false
            var fits: [Bool] = []
        }

        private let rules: [Rule]
        private var folders: [Substring: Verdict] = [:]

        package init(_ rules: IgnoreRules) { self.rules = rules.rules }

        package mutating func excludes(_ path: String) -> Bool {
            rules.isEmpty ? false : verdict(path[...]).isExcluded
        }

        /// A rule that would change nothing when its turn comes is not asked, for folders neither: whether a rule fits a
        /// folder thus depends on those before it, and `a/b` then `!a` keeps `a/b` out.
        private mutating func verdict(_ path: Substring) -> Verdict {
            let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
            let above = folder.isEmpty ? nil : folders[folder] ?? verdict(folder)
            if let above, !folder.isEmpty { folders[folder] = above }
            var verdict = Verdict(fits: above?.fits ?? [Bool](repeating: false, count: rules.count))
            for (index, rule) in rules.enumerated() {
                if !verdict.fits[index], rule.isException == verdict.isExcluded {
                    verdict.fits[index] = rule.pattern.matches(path)
                }
                if verdict.fits[index] { verdict.isExcluded = !rule.isException }
            }
            return verdict
        }
    }

    /// As Go's `filepath.Clean`, without the leading slash.
    private static func clean(_ pattern: String) -> String {
        let isRooted = pattern.hasPrefix("/")
        var parts: [Substring] = []
        for part in pattern.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !isRooted {
                parts.append(part)
            }
        }
        // A pattern that names the context itself fits nothing in it.
        return parts.isEmpty ? (isRooted ? "/" : ".") : parts.joined(separator: "/")
    }

    private static func trim(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var result = text.drop { $0.properties.isWhitespace }
        while let last = result.last, last.properties.isWhitespace { result.removeLast() }
        return result
    }
}
