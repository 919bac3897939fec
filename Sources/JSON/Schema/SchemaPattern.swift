/// A regular expression of ECMA-262 with its `u` flag, to be found anywhere in a text.
///
/// Unchecked: `Regex` isn't `Sendable` because one that was built from closures can hold anything. One that was made of
/// a text holds nothing but its program, which is compiled on first use under a lock-free once of the library.
struct SchemaPattern: @unchecked Sendable {
    /// Why a text is no such expression, in one clause.
    struct Failure: Error {
        let message: String
    }

    let source: String
    private let regex: Regex<AnyRegexOutput>

    init(_ source: String) throws(Failure) {
        self.source = source
        var translation = ECMAScriptTranslation(source)
        let pattern = try translation.translate()
        do {
            // ECMAScript's words are made of ASCII, and its characters are code points.
            regex = try Regex(pattern).matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
                .asciiOnlyWordCharacters()
        } catch {
            throw Failure(message: "the regular expression is not supported: \(error)")
        }
    }

    func matches(_ text: String) -> Bool {
        (try? regex.firstMatch(in: text)) != nil
    }
}
