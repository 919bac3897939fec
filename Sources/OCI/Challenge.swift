/// One way to authenticate that a server offers with 401 (`WWW-Authenticate`; RFC 9110, 11.6.1).
package struct Challenge: Sendable, Equatable {
    /// In lower case: `basic`, `bearer`.
    package let scheme: String
    /// Names in lower case.
    package let parameters: [String: String]

    /// All challenges of a header value; what can't be read is left out.
    package static func parse(_ value: String) -> [Challenge] {
        var scanner = Scanner(rest: value[...])
        var challenges: [Challenge] = []
        var scheme: String?
        var parameters: [String: String] = [:]
        func flush() {
            if let scheme { challenges.append(Challenge(scheme: scheme, parameters: parameters)) }
        }
        while true {
            scanner.skip { $0 == " " || $0 == "," || $0 == "\t" }
            guard let word = scanner.token() else { break }
            if scheme != nil, let value = scanner.parameterValue() {
                parameters[word.lowercased()] = value
            } else {
                flush()
                (scheme, parameters) = (word.lowercased(), [:])
            }
        }
        flush()
        return challenges
    }

    private struct Scanner {
        var rest: Substring

        mutating func skip(while predicate: (Character) -> Bool) {
            rest = rest.drop(while: predicate)
        }

        mutating func token() -> String? {
            let word = rest.prefix { !" ,=\"\t".contains($0) }
            rest = rest.dropFirst(word.count)
            return word.isEmpty ? nil : String(word)
        }

        /// What follows `=`, quoted or not; `nil` when there is no `=`.
        mutating func parameterValue() -> String? {
            let start = rest.drop { $0 == " " }
            guard start.first == "=" else { return nil }
            rest = start.dropFirst().drop { $0 == " " }
            guard rest.first == "\"" else { return token() ?? "" }
            rest = rest.dropFirst()
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                value.append(character == "\\" ? rest.popFirst() ?? character : character)
            }
            return value
        }
    }
}
