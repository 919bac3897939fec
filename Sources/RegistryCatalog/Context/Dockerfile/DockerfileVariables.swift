/// The variables of a Dockerfile at one place of it, as far as the file itself tells them.
struct DockerfileVariables: Sendable {
    enum Value: Hashable, Sendable {
        case known(String)
        /// It is set, or may be, to something that only the build knows.
        case unknown
    }

    /// What a text with variables in it comes to.
    enum Expansion: Hashable, Sendable {
        case text(String)
        /// It depends on a variable whose value only the build knows.
        case unknown(variable: String)
        /// The builder refuses it; the reason is a clause.
        case malformed(String)
    }

    /// `ENV`; it comes before `ARG`.
    var environment: [String: Value] = [:]
    /// `ARG`.
    var arguments: [String: Value] = [:]
    /// Names that are in neither have no value, and none from the base image.
    var isComplete = true

    /// `nil` when the name has no value.
    func value(of name: String) -> Value? {
        environment[name] ?? arguments[name] ?? (isComplete ? nil : .unknown)
    }

    /// Replaces `$name`, `${name}`, `${name:-default}` and `${name:+other}`, takes quotes away and undoes escapes.
    func expand(_ text: some StringProtocol, escape: Character) -> Expansion {
        var scanner = Scanner(variables: self, escape: escape, rest: Array(text)[...])
        do throws(Scanner.Stop) {
            return .text(try scanner.text(until: nil))
        } catch {
            switch error {
            case .unknown(let name): return .unknown(variable: name)
            case .malformed(let reason): return .malformed(reason)
            }
        }
    }

    private struct Scanner {
        enum Stop: Error {
            case unknown(String)
            case malformed(String)
        }

        let variables: DockerfileVariables
        let escape: Character
        var rest: ArraySlice<Character>
        private var depth = 0

        init(variables: DockerfileVariables, escape: Character, rest: ArraySlice<Character>) {
            self.variables = variables
            self.escape = escape
            self.rest = rest
        }

        mutating func text(until end: Character?) throws(Stop) -> String {
            var result = ""
            while let character = rest.popFirst() {
                switch character {
                case end: return result
                case "'":
                    guard let close = rest.firstIndex(of: "'") else { throw .malformed("a ' is not closed") }
                    result += rest[..<close]
                    rest = rest[(close + 1)...]
                case "\"": result += try quoted()
                case "$": result += try variable()
                case escape: if let next = rest.popFirst() { result.append(next) }
                default: result.append(character)
                }
            }
            guard end == nil else { throw .malformed("a '${' is not closed") }
            return result
        }

        private mutating func quoted() throws(Stop) -> String {
            var result = ""
            while let character = rest.popFirst() {
                if character == "\"" { return result }
                if character == "$" {
                    result += try variable()
                } else if character == escape, let next = rest.first, next == "\"" || next == "$" || next == escape {
                    result.append(next)
                    rest.removeFirst()
                } else {
                    result.append(character)
                }
            }
            throw .malformed("a \" is not closed")
        }

        private mutating func variable() throws(Stop) -> String {
            guard rest.first == "{" else {
                let name = name()
                return name.isEmpty ? "$" : try known(name) ?? ""
            }
            rest.removeFirst()
            let name = name()
            guard !name.isEmpty else { throw .malformed("'${' is not followed by a name") }
            var operation = rest.popFirst()
            if operation == "}" { return try known(name) ?? "" }
            let emptyIsUnset = operation == ":"
            if emptyIsUnset { operation = rest.popFirst() }
            depth += 1
            defer { depth -= 1 }
            guard depth < 20 else { throw .malformed("'${' is nested too deep") }
            let value = try known(name)
            let isSet = value.map { !(emptyIsUnset && $0.isEmpty) } ?? false
            switch operation {
            case "-":
                let word = try text(until: "}")
                return isSet ? value ?? "" : word
            case "+":
                let word = try text(until: "}")
                return isSet ? word : ""
            case "?":
                let word = try text(until: "}")
                guard isSet, let value else { throw .malformed("\(name): \(word.isEmpty ? "it is not set" : word)") }
                return value
            case "#", "%", "/":
                // Newer builders cut and replace here.
                throw .unknown(name)
            default: throw .malformed("'${\(name)' is not closed, or has an operation that no builder knows")
            }
        }

        private mutating func name() -> String {
            var name = ""
            while let next = rest.first, next.isLetter || next.isNumber || next == "_" {
                name.append(next)
                rest.removeFirst()
            }
            return name
        }

        private func known(_ name: String) throws(Stop) -> String? {
            switch variables.value(of: name) {
            case .known(let value): return value
            case .unknown: throw .unknown(name)
            case nil: return nil
            }
        }
    }
}
