/// The canonical name of one artifact or stream: `/artifacts/outputs/text/response.txt`.
///
/// Canonical means: percent-decoded once, in Unicode normalisation form C, without empty segments. The grammar is that of
/// the contract "Invocation"; making a path of a path's text changes nothing.
package struct WorldPath: Hashable, Sendable {
    /// The canonical text, without a slash at the end.
    package let text: String

    /// - Throws: `Failure` with `ERR_BAD_FACET` (not below `/artifacts` or `/streams`), `ERR_DECODED_SLASH`,
    ///   `ERR_DOT_SEGMENTS`, `ERR_FORBIDDEN_SEGMENT` (`.git`, `.well-known`, a NUL or a backslash),
    ///   `ERR_PERCENT_DECODE`, `ERR_SEGMENT_TOO_LONG` or `ERR_PATH_TOO_LONG`.
    package init(_ text: String) throws(Failure) {
        let segments = try Self.segments(of: text)
        guard segments.count > 1 else {
            throw Failure(.badFacet, "the world path \(Self.quoted(text)) names nothing below its first segment")
        }
        self.text = "/" + segments.joined(separator: "/")
        try Self.checkLength(self.text)
    }

    /// The canonical segments of a path or prefix; the first is its facet.
    package static func segments(of text: String) throws(Failure) -> [String] {
        guard text.utf8.first == slash else {
            throw Failure(.badFacet, "the world path \(quoted(text)) does not start with '/'")
        }
        // Three bytes of an escape make one: what is longer can't become short enough.
        guard text.utf8.count <= 3 * lengthLimit else { throw tooLong(text) }
        var segments: [String] = []
        for raw in text.utf8.split(separator: slash) { segments.append(try segment(raw, of: text)) }
        guard let facet = segments.first, facets.contains(facet) else {
            throw Failure(.badFacet, "the world path \(quoted(text)) is not below /artifacts/ or /streams/")
        }
        return segments
    }

    package static func checkLength(_ text: String) throws(Failure) {
        guard text.utf8.count <= lengthLimit else { throw tooLong(text) }
    }

    private static let slash = UInt8(ascii: "/")
    private static let facets = ["artifacts", "streams"]
    private static let lengthLimit = 1024
    private static let segmentLimit = 255

    private static func segment(_ raw: Substring.UTF8View, of text: String) throws(Failure) -> String {
        guard let bytes = decoded(raw), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.percentDecode, "the world path \(quoted(text)) has a '%' that escapes no UTF-8")
        }
        let segment = decoded.canonicallyComposed
        let scalars = segment.unicodeScalars
        if scalars.contains("%") {
            throw Failure(.percentDecode, "the world path \(quoted(text)) still has a '%' after decoding once")
        }
        if scalars.contains("/") {
            throw Failure(.decodedSlash, "the world path \(quoted(text)) has an escaped '/' in a segment")
        }
        if segment == "." || segment == ".." {
            throw Failure(.dotSegments, "the world path \(quoted(text)) has a '.' or '..' segment")
        }
        if scalars.contains("\0") || scalars.contains("\\") {
            throw Failure(.forbiddenSegment, "the world path \(quoted(text)) has a NUL or a backslash in a segment")
        }
        // Whatever the case: a file system that ignores it would take them for the same.
        if [".git", ".well-known"].contains(segment.lowercased()) {
            throw Failure(.forbiddenSegment, "the world path \(quoted(text)) has the reserved segment '\(segment)'")
        }
        guard segment.utf8.count <= segmentLimit else {
            throw Failure(.segmentTooLong, "a segment of the world path \(quoted(text)) exceeds \(segmentLimit) bytes")
        }
        return segment
    }

    /// Percent-decodes once; `nil` for a `%` without two hexadecimal digits.
    private static func decoded(_ raw: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private static func tooLong(_ text: String) -> Failure {
        Failure(.pathTooLong, "the world path \(quoted(text)) exceeds \(lengthLimit) bytes")
    }

    private static func quoted(_ text: String) -> String {
        text.utf8.count <= 120 ? "'\(text)'" : "'\(text.prefix(100))…'"
    }
}

extension WorldPath: Comparable, CustomStringConvertible {
    /// By the bytes of UTF-8, as indexes are sorted.
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package var description: String { text }
}
