import DeploymentModel
import YAML

/// The fields of one mapping, taken by name; what nobody takes is reported as unknown.
struct Fields {
    let node: YAMLNode
    /// Where the mapping is in the file, for messages: `image.platforms`; empty for the root.
    private let path: String
    private var values: [String: YAMLPair] = [:]
    private var asked: Set<String> = []

    /// Reads a mapping; anything else is reported, and gives `nil`.
    init?(_ node: YAMLNode, path: String, _ findings: inout Findings) {
        guard let pairs = node.mapping else {
            findings.add(
                .error, "\(path.isEmpty ? "the file" : path) is \(node.kind), it should be a mapping", at: node)
            return nil
        }
        self.node = node
        self.path = path
        merge(pairs, isMerged: false, &findings)
    }

    private mutating func merge(_ pairs: [YAMLPair], isMerged: Bool, _ findings: inout Findings) {
        var merges: [YAMLNode] = []
        for pair in pairs {
            guard let key = pair.key.scalar else {
                findings.add(.error, .yaml, "a key is \(pair.key.kind), it should be a string", at: pair.key)
                continue
            }
            if key.text == "<<", key.style == .plain {
                merges += pair.value.sequence ?? [pair.value]
                continue
            }
            if let first = values[key.text] {
                // A value that is written wins over a merged one; twice written is a mistake.
                guard !isMerged else { continue }
                findings.add(
                    .error, .yaml, "'\(qualified(key.text))' is here twice, first on line \(first.key.span.start.line)",
                    at: pair.key, fix: "remove one of the two")
                continue
            }
            values[key.text] = pair
        }
        for node in merges {
            guard let pairs = node.mapping else {
                findings.add(.error, .yaml, "'<<' merges \(node.kind), it should be a mapping", at: node)
                continue
            }
            merge(pairs, isMerged: true, &findings)
        }
    }

    func qualified(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The value of a field; an explicit null counts as absent, but stands where it is.
    mutating func take(_ name: String) -> YAMLNode? {
        asked.insert(name)
        return values[name]?.value
    }

    /// Fields that are known here and not looked at.
    mutating func ignore(_ names: String...) { asked.formUnion(names) }

    mutating func string(_ name: String, _ findings: inout Findings) -> (text: String, node: YAMLNode)? {
        guard let node = take(name), node.value != .null else { return nil }
        guard case .string(let text) = node.value else {
            findings.add(
                .error, "'\(qualified(name))' is \(node.kind), it should be a string", at: node,
                fix: node.scalar.map { "put it in quotes: \"\($0.text)\"" })
            return nil
        }
        return (text, node)
    }

    /// Text as it was written, whatever it resolves to: for values like `3.12` where people forget the quotes.
    mutating func text(_ name: String, _ findings: inout Findings) -> (text: String, node: YAMLNode)? {
        guard let node = take(name), node.value != .null else { return nil }
        guard let scalar = node.scalar else {
            findings.add(.error, "'\(qualified(name))' is \(node.kind), it should be a string", at: node)
            return nil
        }
        return (scalar.text, node)
    }

    mutating func number(_ name: String, _ findings: inout Findings) -> Double? {
        guard let node = take(name), node.value != .null else { return nil }
        switch node.value {
        case .integer(let value): return Double(value)
        case .number(let value) where value.isFinite: return value
        default:
            findings.add(.error, "'\(qualified(name))' is \(node.kind), it should be a number", at: node)
            return nil
        }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>, _ findings: inout Findings) -> Int? {
        guard let node = take(name), node.value != .null else { return nil }
        guard case .integer(let value) = node.value, let number = Int(exactly: value), range.contains(number) else {
            findings.add(
                .error, "'\(qualified(name))' should be a whole number from \(range.lowerBound) to \(range.upperBound)",
                at: node)
            return nil
        }
        return number
    }

    mutating func bool(_ name: String, _ findings: inout Findings) -> Bool? {
        guard let node = take(name), node.value != .null else { return nil }
        guard case .bool(let value) = node.value else {
            findings.add(.error, "'\(qualified(name))' is \(node.kind), it should be true or false", at: node)
            return nil
        }
        return value
    }

    mutating func fields(_ name: String, _ findings: inout Findings) -> Fields? {
        guard let node = take(name), node.value != .null else { return nil }
        return Fields(node, path: qualified(name), &findings)
    }

    mutating func sequence(_ name: String, _ findings: inout Findings) -> [YAMLNode]? {
        guard let node = take(name), node.value != .null else { return nil }
        guard let items = node.sequence else {
            findings.add(.error, "'\(qualified(name))' is \(node.kind), it should be a list", at: node)
            return nil
        }
        return items
    }

    mutating func strings(_ name: String, _ findings: inout Findings) -> [(text: String, node: YAMLNode)] {
        var result: [(text: String, node: YAMLNode)] = []
        for item in sequence(name, &findings) ?? [] {
            if case .string(let text) = item.value {
                result.append((text, item))
            } else {
                findings.add(.error, "an item of '\(qualified(name))' is \(item.kind), it should be a string", at: item)
            }
        }
        return result
    }

    /// Every name with its value, in the order of the text; all count as asked for.
    mutating func all() -> [(name: String, pair: YAMLPair)] {
        asked.formUnion(values.keys)
        return values.map { (name: $0.key, pair: $0.value) }
            .sorted { $0.pair.key.span.start.offset < $1.pair.key.span.start.offset }
    }

    /// Warns of fields that nobody asked for, with the nearest name that somebody did.
    func reportUnknown(_ findings: inout Findings) {
        let unknown = values.values.filter { !asked.contains($0.key.scalar?.text ?? "") }
        for pair in unknown.sorted(by: { $0.key.span.start.offset < $1.key.span.start.offset }) {
            let name = pair.key.scalar?.text ?? ""
            guard !name.hasPrefix("x-") else { continue }
            findings.add(
                .warning, "'\(qualified(name))' is not known here", at: pair.key,
                fix: nearest(to: name, among: asked).map { "did you mean '\($0)'?" } ?? "remove it")
        }
    }
}

extension YAMLNode {
    /// What the node is, with an article, for messages.
    var kind: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar:
            switch value {
            case .null: "empty"
            case .bool: "a truth value"
            case .integer, .number: "a number"
            default: "a string"
            }
        }
    }
}
