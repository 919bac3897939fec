package import JSON
package import YAML

extension YAMLNode {
    /// The value as JSON: merge keys applied, the first of repeated keys kept. `nil` for what JSON cannot say
    /// (infinities, keys that are no strings).
    package var json: JSONValue? {
        switch content {
        case .scalar:
            switch value {
            case .null, nil: return .null
            case .bool(let value): return .bool(value)
            case .integer(let value): return .integer(value)
            case .number(let value): return value.isFinite ? .number(value) : nil
            case .string(let value): return .string(value)
            }
        case .sequence(let items):
            var values: [JSONValue] = []
            values.reserveCapacity(items.count)
            for item in items {
                guard let value = item.json else { return nil }
                values.append(value)
            }
            return .array(values)
        case .mapping(let pairs):
            var members = [String: JSONValue](minimumCapacity: pairs.count)
            var merged: [String: JSONValue] = [:]
            for pair in pairs {
                guard let key = pair.key.scalar, let value = pair.value.json else { return nil }
                if key.text == "<<", key.style == .plain {
                    for source in value.arrayValue ?? [value] {
                        merged.merge(source.objectValue ?? [:]) { first, _ in first }
                    }
                } else if members[key.text] == nil {
                    members[key.text] = value
                }
            }
            if !merged.isEmpty { members.merge(merged) { written, _ in written } }
            return .object(members)
        }
    }
}
