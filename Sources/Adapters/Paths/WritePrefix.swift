package import DeploymentModel

/// Where one run may write: a canonical world path that ends in `/`.
package struct WritePrefix: Hashable, Sendable {
    /// The canonical text, with its slash at the end.
    package let text: String

    /// Expands `{execution_id}` and makes the result canonical.
    ///
    /// - Throws: `Failure` with `ERR_PREFIX_TEMPLATE` for any other brace and for a missing slash at the end, and the
    ///   codes of `WorldPath`.
    package init(_ template: String, for execution: ExecutionID) throws(Failure) {
        let expanded = template.replacing("{execution_id}", with: execution.description)
        guard expanded.utf8.last == UInt8(ascii: "/") else {
            throw Failure(.prefixTemplate, "the write prefix '\(template)' does not end in '/'")
        }
        let text = "/" + (try WorldPath.segments(of: expanded)).map { $0 + "/" }.joined()
        // After decoding, so that an escaped brace is one too.
        guard !text.utf8.contains(UInt8(ascii: "{")), !text.utf8.contains(UInt8(ascii: "}")) else {
            throw Failure(
                .prefixTemplate, "the write prefix '\(template)' has a brace that is not part of {execution_id}")
        }
        try WorldPath.checkLength(text)
        self.text = text
    }

    /// Claims that the path is below this prefix.
    package func contains(_ path: WorldPath) -> Bool { path.text.utf8.starts(with: text.utf8) }

    /// The path of a declared output, which is relative to the prefix.
    ///
    /// - Throws: the codes of `WorldPath`.
    package func path(of output: String) throws(Failure) -> WorldPath { try WorldPath(text + output) }

    /// The index that a run writes here.
    package var index: String { text + "outputs.json" }
}

extension WritePrefix: CustomStringConvertible {
    package var description: String { text }
}
