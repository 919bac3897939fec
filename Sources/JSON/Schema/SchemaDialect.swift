extension JSONSchema {
    /// A version of the language; the raw value is the URI of its meta-schema.
    package enum Dialect: String, Sendable, Hashable, CaseIterable {
        case draft7 = "http://json-schema.org/draft-07/schema"
        case draft2020 = "https://json-schema.org/draft/2020-12/schema"

        /// The dialect that a value of `$schema` names. An empty fragment and the other of `http` and `https`, which
        /// people mix up, make no difference.
        package init?(uri: String) {
            let uri = uri.withoutEmptyFragment
            let known = Self.allCases.first { $0.rawValue.afterScheme == uri.afterScheme }
            guard let known else { return nil }
            self = known
        }
    }
}

extension String {
    var withoutEmptyFragment: String { hasSuffix("#") ? String(dropLast()) : self }

    fileprivate var afterScheme: Substring {
        if hasPrefix("https://") { return dropFirst(8) }
        return hasPrefix("http://") ? dropFirst(7) : self[...]
    }
}

/// The groups of keywords that a meta-schema of 2020-12 can switch on (section 8 of the core).
struct SchemaVocabularies: OptionSet {
    let rawValue: Int

    static let core = Self(rawValue: 1 << 0)
    static let applicator = Self(rawValue: 1 << 1)
    static let unevaluated = Self(rawValue: 1 << 2)
    static let validation = Self(rawValue: 1 << 3)
    static let metaData = Self(rawValue: 1 << 4)
    static let formatAnnotation = Self(rawValue: 1 << 5)
    static let formatAssertion = Self(rawValue: 1 << 6)
    static let content = Self(rawValue: 1 << 7)

    /// Those of the dialect itself: `format` is an annotation.
    static let standard: Self = [
        .core, .applicator, .unevaluated, .validation, .metaData, .formatAnnotation, .content,
    ]

    static func named(_ uri: String) -> Self? {
        let prefix = "https://json-schema.org/draft/2020-12/vocab/"
        guard uri.hasPrefix(prefix) else { return nil }
        return switch uri.dropFirst(prefix.count) {
        case "core": .core
        case "applicator": .applicator
        case "unevaluated": .unevaluated
        case "validation": .validation
        case "meta-data": .metaData
        case "format-annotation": .formatAnnotation
        case "format-assertion": .formatAssertion
        case "content": .content
        default: nil
        }
    }
}

/// What a schema resource is read by.
struct SchemaRules {
    var dialect: JSONSchema.Dialect
    var vocabularies: SchemaVocabularies = .standard
}
