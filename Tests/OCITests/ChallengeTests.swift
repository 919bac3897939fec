import Testing

@testable import OCI

@Suite("Challenges", .tags(.small))
struct ChallengeTests {
    @Test("A bearer challenge is read with quotes, commas and escapes")
    func bearer() {
        let challenges = Challenge.parse(
            #"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push",x="a\"b""#)
        #expect(
            challenges == [
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.example/token", "service": "registry",
                        "scope": "repository:a/b:pull,push", "x": "a\"b",
                    ])
            ])
    }

    @Test("Several challenges in one value are told apart")
    func several() {
        let challenges = Challenge.parse(#"Negotiate, Basic realm="a, b=c", Bearer realm=x , service="y""#)
        #expect(challenges.map(\.scheme) == ["negotiate", "basic", "bearer"])
        #expect(challenges.last?.parameters == ["realm": "x", "service": "y"])
        #expect(challenges[1].parameters == ["realm": "a, b=c"])
    }

    @Test("Nonsense ends", arguments: ["", ",,,", "=", "\"", "Bearer realm=\"open", "Bearer realm=", "= = ="])
    func nonsense(text: String) {
        #expect(Challenge.parse(text).count <= 1)
    }
}
