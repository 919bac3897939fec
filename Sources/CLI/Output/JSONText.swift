import DeploymentModel
import FoundationEssentials

/// A value as JSON, keys sorted so that equal values give equal bytes.
struct JSONText {
    let text: String

    init(_ value: some Encodable, isPretty: Bool = true) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            text = String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch { throw Failure(.spec, "the result cannot be written as JSON: \(error)") }
    }
}
