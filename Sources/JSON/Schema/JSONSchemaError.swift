/// Why a schema can't be compiled.
package struct JSONSchemaError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// `$schema` names a dialect that is neither built in nor among the resources.
        case unknownDialect
        /// The meta-schema requires a vocabulary that is not known.
        case unknownVocabulary
        /// A keyword has a value that it can't have, or a schema is neither an object nor a Boolean.
        case invalidKeyword
        /// A regular expression that is none in ECMA-262, or that uses look-behind.
        case invalidPattern
        /// `$ref` or `$dynamicRef` leads nowhere.
        case unresolvedReference
        /// A schema refers back to itself without going into the value, so that judging would never end.
        case endlessReference
        /// Two schemas of one document have the same `$id` or anchor.
        case duplicateIdentifier
    }

    package let code: Code
    /// One clause.
    package let message: String
    /// The URI of the document that the pointer goes into; `nil` for the document that was given.
    package let document: String?
    package let pointer: JSONPointer

    init(_ code: Code, _ message: String, in document: String? = nil, at pointer: JSONPointer) {
        self.code = code
        self.message = message
        self.document = document
        self.pointer = pointer
    }

    package var description: String {
        let place = (document ?? "") + "#" + pointer.description
        return "\(place): \(message)"
    }
}
