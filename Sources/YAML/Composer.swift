import CYAML

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
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else {
            throw YAMLError(kind: .syntax, message: "libyaml has no memory", position: nil)
        }
        defer { unsafe yaml_parser_delete(&parser) }
        let result: Result<YAMLNode?, YAMLError> = unsafe source.withUnsafeBufferPointer { bytes in
            let offsets = unsafe OffsetTable(bytes)
            unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            do throws(YAMLError) {
                return .success(try unsafe stream(&parser, offsets))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func stream(_ parser: inout yaml_parser_t, _ offsets: OffsetTable) throws(YAMLError) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try unsafe Event(&parser, offsets)
            switch event.kind {
            case .documentStart where root != nil:
                throw YAMLError(
                    kind: .syntax, message: "a second document starts here; one file holds one",
                    position: event.span.start)
            case .end: return root
            case .node: root = try unsafe node(event, &parser, offsets, depth: 0)
            default: break
            }
        }
    }

    private mutating func node(
        _ event: Event, _ parser: inout yaml_parser_t, _ offsets: OffsetTable, depth: Int
    ) throws(YAMLError) -> YAMLNode {
        guard depth <= budget.depth else {
            throw YAMLError(
                kind: .budget, message: "nested deeper than \(budget.depth) levels", position: event.span.start)
        }
        switch event.start {
        case .alias(let name):
            guard let target = anchors[name] else {
                throw YAMLError(
                    kind: .syntax, message: "no anchor '&\(name)' comes before this alias", position: event.span.start)
            }
            try count(target.weight, at: event.span.start)
            return YAMLNode(
                content: target.content, tag: target.tag, span: event.span, isAlias: true, weight: target.weight)
        case .scalar(let scalar):
            return try finish(event, .scalar(scalar), end: event.span.end, weight: 1)
        case .sequence:
            var items: [YAMLNode] = []
            var weight = 1
            while true {
                let next = try unsafe Event(&parser, offsets)
                if next.kind == .collectionEnd {
                    return try finish(event, .sequence(items), end: next.span.end, weight: weight)
                }
                let item = try unsafe node(next, &parser, offsets, depth: depth + 1)
                weight += item.weight
                items.append(item)
            }
        case .mapping:
            var pairs: [YAMLPair] = []
            var weight = 1
            while true {
                let next = try unsafe Event(&parser, offsets)
                if next.kind == .collectionEnd {
                    return try finish(event, .mapping(pairs), end: next.span.end, weight: weight)
                }
                let key = try unsafe node(next, &parser, offsets, depth: depth + 1)
                let value = try unsafe node(Event(&parser, offsets), &parser, offsets, depth: depth + 1)
                weight += key.weight + value.weight
                pairs.append(YAMLPair(key: key, value: value))
            }
        case .other:
            throw YAMLError(kind: .syntax, message: "a value is missing here", position: event.span.start)
        }
    }

    private mutating func finish(
        _ event: Event, _ content: YAMLNode.Content, end: SourcePosition, weight: Int
    ) throws(YAMLError) -> YAMLNode {
        try count(1, at: event.span.start)
        let span = SourceSpan(start: event.span.start, end: end)
        let node = YAMLNode(content: content, tag: event.tag, span: span, isAlias: false, weight: weight)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func count(_ more: Int, at position: SourcePosition) throws(YAMLError) {
        nodes += more
        guard nodes <= budget.nodes else {
            throw YAMLError(
                kind: .budget, message: "more than \(budget.nodes) values, aliases expanded", position: position)
        }
    }
}
