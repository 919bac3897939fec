/// Makes nodes out of libyaml's events.
struct Composer {
    private let budget: YAMLBudget
    private let source: [UInt8]
    private var anchors: [String: YAMLNode] = [:]
    private var nodes = 0

    init(budget: YAMLBudget, source: [UInt8]) {
        self.budget = budget
        self.source = source
    }

    mutating func compose() throws(YAMLError) -> YAMLNode? {
        do throws(YAMLError) {
            return try EventReader.read(source) { (reader: inout EventReader) throws(YAMLError) in
                try stream(&reader)
            }
        } catch { throw insideText(error) }
    }

    private mutating func stream(_ reader: inout EventReader) throws(YAMLError) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try reader.next()
            switch event.kind {
            case .documentStart where root != nil:
                throw YAMLError(
                    kind: .syntax, message: "a second document starts here; one file holds one",
                    position: event.span.start)
            case .streamEnd: return root
            case .streamStart, .documentStart, .documentEnd: break
            default: root = try node(event, &reader, depth: 0)
            }
        }
    }

    private mutating func node(
        _ event: Event, _ reader: inout EventReader, depth: Int
    ) throws(YAMLError) -> YAMLNode {
        guard depth <= budget.depth else {
            throw YAMLError(
                kind: .budget, message: "nested deeper than \(budget.depth) levels", position: event.span.start)
        }
        switch event.kind {
        case .alias(let name):
            guard let target = anchors[name] else {
                throw YAMLError(
                    kind: .syntax, message: "no anchor '&\(name)' comes before this alias", position: event.span.start)
            }
            try count(target.weight, at: event.span.start)
            return YAMLNode(
                content: target.content, tag: target.tag, span: event.span, isAlias: true, weight: target.weight)
        case .scalar(let scalar):
            let hasProperties = event.anchor != nil || event.tag != nil
            let start = hasProperties ? behindProperties(event.span) : event.span.start
            return try finish(event, .scalar(scalar), start: start, end: event.span.end, weight: 1)
        case .sequenceStart:
            var items: [YAMLNode] = []
            var weight = 1
            while true {
                let next = try reader.next()
                if next.kind == .sequenceEnd {
                    return try finish(event, .sequence(items), end: next.span.end, weight: weight)
                }
                let item = try node(next, &reader, depth: depth + 1)
                weight += item.weight
                items.append(item)
            }
        case .mappingStart:
            var pairs: [YAMLPair] = []
            var weight = 1
            while true {
                let next = try reader.next()
                if next.kind == .mappingEnd {
                    return try finish(event, .mapping(pairs), end: next.span.end, weight: weight)
                }
                let key = try node(next, &reader, depth: depth + 1)
                let value = try node(reader.next(), &reader, depth: depth + 1)
                weight += key.weight + value.weight
                pairs.append(YAMLPair(key: key, value: value))
            }
        default:
            throw YAMLError(kind: .syntax, message: "a value is missing here", position: event.span.start)
        }
    }

    private mutating func finish(
        _ event: Event, _ content: YAMLNode.Content, start: SourcePosition? = nil, end: SourcePosition, weight: Int
    ) throws(YAMLError) -> YAMLNode {
        try count(1, at: event.span.start)
        let span = SourceSpan(start: start ?? event.span.start, end: end)
        let node = YAMLNode(content: content, tag: event.tag, span: span, isAlias: false, weight: weight)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    /// libyaml counts a tag and an anchor to a scalar; its value starts behind them.
    private func behindProperties(_ span: SourceSpan) -> SourcePosition {
        var (offset, line, column) = (span.start.offset, span.start.line, span.start.column)
        func advance(while predicate: (UInt8) -> Bool) {
            while offset < source.count, predicate(source[offset]) {
                if source[offset] == UInt8(ascii: "\n") {
                    line += 1
                    column = 1
                } else if source[offset] & 0xC0 != 0x80 {
                    column += 1
                }
                offset += 1
            }
        }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        while offset < source.count, source[offset] == UInt8(ascii: "&") || source[offset] == UInt8(ascii: "!") {
            advance { !isSpace($0) }
            advance(while: isSpace)
        }
        // An empty value ends where its properties do.
        guard offset <= span.end.offset else { return span.end }
        return SourcePosition(offset: offset, line: line, column: column)
    }

    /// libyaml finds some errors only behind the last line; they are told at its end.
    private func insideText(_ error: YAMLError) -> YAMLError {
        guard let position = error.position else { return error }
        if position.line == 0 {
            return YAMLError(kind: error.kind, message: error.message, position: counted(position))
        }
        guard position.offset >= source.count else { return error }
        let end = source.lastIndex { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 } ?? -1
        let text = source[...end]
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let column = (lines.last ?? []).count { $0 & 0xC0 != 0x80 } + 1
        return YAMLError(
            kind: error.kind, message: error.message,
            position: SourcePosition(offset: text.count, line: max(1, lines.count), column: column))
    }

    /// Line and column of a place that is known by its bytes alone.
    private func counted(_ position: SourcePosition) -> SourcePosition {
        let hasMark = source.starts(with: [0xEF, 0xBB, 0xBF])
        let before = source[(hasMark ? 3 : 0)..<max(hasMark ? 3 : 0, min(position.offset, source.count))]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? before.startIndex
        return SourcePosition(
            offset: position.offset, line: before.count { $0 == 0x0A } + 1,
            column: before[start...].count { $0 & 0xC0 != 0x80 } + 1)
    }

    private mutating func count(_ more: Int, at position: SourcePosition) throws(YAMLError) {
        nodes += more
        guard nodes <= budget.nodes else {
            throw YAMLError(
                kind: .budget, message: "more than \(budget.nodes) values, aliases expanded", position: position)
        }
    }
}
