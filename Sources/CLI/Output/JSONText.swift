import DeploymentModel
import FoundationEssentials
import JSON

/// A value as JSON, keys sorted so that equal values give equal bytes.
struct JSONText {
    let text: String

    init(_ value: some Encodable, isPretty: Bool = true) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            text = Self.plain(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch { throw Failure(.spec, "the result cannot be written as JSON: \(error)") }
    }

    init(_ value: JSONValue, isPretty: Bool = true) { text = Self.plain(isPretty ? value.pretty : value.compact) }

    /// A CI runner takes '##[' for its own command, in whatever stands in a string; written so it says the same.
    private static func plain(_ json: String) -> String { json.replacing("##[", with: "##\\u005b") }

    /// Reads a file that was written so.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS`.
    static func read<Value: Decodable>(_ path: String) throws(Failure) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: path)))
        } catch let error as DecodingError {
            throw Failure(.inputs, "\(path) is not what it should be: \(Self.reason(error))")
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw Failure(.inputs, "there is no file \(path)")
        } catch { throw Failure(.inputs, "\(path) can't be read: \(error)") }
    }

    /// `items.0.ref is missing`
    private static func reason(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context, _ more: [any CodingKey] = []) -> String {
            let keys = (context.codingPath + more).map { $0.intValue.map(String.init) ?? $0.stringValue }
            return keys.isEmpty ? "it" : "'\(keys.joined(separator: "."))'"
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context, [key])) is missing"
        case .valueNotFound(_, let context): "\(place(context)) is null"
        case .typeMismatch(_, let context): "\(place(context)) is of another type"
        case .dataCorrupted(let context): "\(place(context)) can't be read: \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }
}
