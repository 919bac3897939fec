/// What a tool runs, as `entry_point` names it.
package enum EntryPoint: Hashable, Sendable {
    /// A file of the repository, from its root, without `./`: `registry/tools/text_count/count.py`.
    case file(String)
    /// A function of a module that is deployed elsewhere: `modal_functions.llm_generate`.
    case function(String)

    /// A slash makes it a file; one at the repository's root is written `./count.py`.
    ///
    /// - Throws: `GrammarError` for a path that is absolute, leaves the repository or has no name at its end.
    package init(_ text: String) throws(GrammarError) {
        guard text.contains("/") else {
            self = .function(text)
            return
        }
        let path = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain = segments.allSatisfy { segment in
            !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                && !segment.contains(0) && !segment.contains(UInt8(ascii: "\\"))
        }
        guard isPlain else {
            throw GrammarError(
                expected: "entry point", text: text,
                rule: "a file is named from the repository's root, without '..', '//' and a slash at either end")
        }
        self = .file(path)
    }

    /// The folder of a file, which is all of the repository that a run of it sees; empty for the repository's root.
    package var folder: String? {
        guard case .file(let path) = self else { return nil }
        return path.split(separator: "/").dropLast().joined(separator: "/")
    }
}
