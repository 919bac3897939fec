/// A value that is written in JSON as the one text that its grammar reads.
package protocol TextCodable: Codable, CustomStringConvertible, CodingKeyRepresentable {
    init(_ text: String) throws(GrammarError)
}

extension TextCodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(container.decode(String.self))
        } catch let error as GrammarError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var codingKey: any CodingKey { TextKey(stringValue: description) }

    package init?<Key: CodingKey>(codingKey: Key) {
        do { try self.init(codingKey.stringValue) } catch { return nil }
    }
}

/// A coding key of any text.
package struct TextKey: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }
    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
}
