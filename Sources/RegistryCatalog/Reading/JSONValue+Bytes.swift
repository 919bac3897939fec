import ContentCache
import JSON

extension ByteWriter {
    mutating func put(_ json: JSONValue) {
        switch json {
        case .null: put(0)
        case .bool(let value): put(value ? 2 : 1)
        case .integer(let value):
            put(3)
            put(bits: UInt64(bitPattern: value))
        case .number(let value):
            put(4)
            put(bits: value.bitPattern)
        case .string(let value):
            put(5)
            put(value)
        case .array(let values):
            put(6)
            put(values) { $0.put($1) }
        case .object(let members):
            put(7)
            put(members)
        }
    }

    mutating func put(_ members: [String: JSONValue]) {
        put(members) { writer, member in
            writer.put(member.key)
            writer.put(member.value)
        }
    }
}

extension ByteReader {
    mutating func json() throws(Malformed) -> JSONValue {
        switch try number() {
        case 0: return .null
        case 1: return false
        case 2: return true
        case 3: return .integer(Int64(bitPattern: try bits()))
        case 4: return .number(Double(bitPattern: try bits()))
        case 5: return .string(try text())
        case 6: return .array(try list { (reader) throws(Malformed) in try reader.json() })
        case 7: return .object(try members())
        default: throw Malformed()
        }
    }

    mutating func members() throws(Malformed) -> [String: JSONValue] {
        let pairs = try list { (reader) throws(Malformed) in (try reader.text(), try reader.json()) }
        return Dictionary(pairs) { first, _ in first }
    }
}
