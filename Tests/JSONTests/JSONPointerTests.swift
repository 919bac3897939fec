import JSON
import Testing

@Suite(.tags(.small)) struct JSONPointerTests {
    /// The document and the table of RFC 6901 section 5.
    static let document: JSONValue = [
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
    ]

    static let places: [(String, JSONValue)] = [
        ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
        ("/g|h", 4), ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8), ("", document),
    ]

    @Test(arguments: places)
    func findsWhatTheSpecificationSays(text: String, value: JSONValue) throws {
        let pointer = try JSONPointer(parsing: text)
        #expect(Self.document[pointer] == value)
        #expect(pointer.description == text)
    }

    @Test(arguments: ["/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/", "/foo/bar", "/nothing", "/a~1b/x"])
    func findsNothingWhereNothingIs(text: String) throws {
        #expect(Self.document[try JSONPointer(parsing: text)] == nil)
    }

    @Test(arguments: ["foo", "#/foo", "/a~", "/a~2", "/~~1"])
    func refusesAnotherGrammar(text: String) {
        #expect { try JSONPointer(parsing: text) } throws: { ($0 as? JSONError)?.code == .pointer }
    }

    @Test func escapesOnceAndInOrder() throws {
        #expect(try JSONPointer(parsing: "/~01").tokens == ["~1"])
        #expect(try JSONPointer(parsing: "/\u{301}a").tokens == ["\u{301}a"])
        #expect(JSONPointer().appending("~1/").appending(3).description == "/~01~1/3")
    }
}
