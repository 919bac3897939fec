import DeploymentModel
import Testing

@testable import CLI

@Suite(.tags(.medium))
struct DotenvFileTests {
    @Test(arguments: [
        ("A=b", "b"), ("A = b", nil), ("export A=b", "b"), ("  A=  b c  ", "b c"), ("A=b # c", "b"), ("A=b#c", "b#c"),
        ("A='b # $c \\n'", "b # $c \\n"), ("A=\"b\\n\\\"c\\\" \\$d\"", "b\n\"c\" $d"), ("A=", ""),
        ("A=\"one\ntwo\" # three", "one\ntwo"), ("# A=no\n\nA=b\r\n", "b"), ("A=b=c", "b=c"), ("A=1\nA=2", "2"),
        ("A=\"b", nil), ("A='b' c", nil), ("1A=b", nil), ("just words", nil),
    ])
    func `a line is NAME=value, quoted or not`(text: String, value: String?) throws {
        if let value {
            #expect(try DotenvFile(text, place: "x").values["A"] == value)
        } else {
            #expect(throws: Failure.self) { try DotenvFile(text, place: "x") }
        }
    }

    @Test func `all wrong lines are named, and none is quoted`() {
        let failure = #expect(throws: Failure.self) { try DotenvFile("A=1\nhush\nB='hush\nC", place: "my.env") }
        #expect(
            failure?.message
                == "my.env can't be read: line 2 is no NAME=value; the quotes of B on line 3 don't end, or more comes after them"
        )
    }
}
