import DeploymentModel
import Testing

extension Tag {
    @Tag static var small: Self
}

@Suite(.tags(.small))
struct NamesTests {
    @Test func `a processor ref gives every name that is made of it`() throws {
        let ref = try ProcessorRef("llm-x/lite_llm@12")
        #expect(ref.description == "llm-x/lite_llm@12")
        #expect(ref.slug == "llm_x_lite_llm")
        #expect(ref.functionName == "exec__llm_x_lite_llm__v12")
        #expect(ref.refSlug == "llm-x-lite-llm-v12")
        #expect(ref.repositoryName == "llm-x-lite_llm")
    }

    @Test(arguments: [
        "", "llm", "llm/litellm", "llm/litellm@", "llm/litellm@0", "llm/litellm@01", "llm/litellm@1.0",
        "llm/litellm@+1",
        "llm/litellm@-1", "LLM/litellm@1", "llm/lite llm@1", "llm/_x@1", "-a/b@1", "/b@1", "a/@1", "a/b/c@1", "a/b@1@2",
        "../etc/passwd@1", "a/b@١", "é/b@1", "a/b@99999999999999999999",
    ])
    func `a text that is no ref is refused`(text: String) {
        #expect(throws: GrammarError.self) { try ProcessorRef(text) }
    }

    @Test(
        arguments: [
            ("ghcr.io/acme/x@sha256:\(hex)", "ghcr.io", "acme/x", nil, true),
            ("127.0.0.1:5075/local/x:1", "127.0.0.1:5075", "local/x", "1", false),
            ("python:3.12-slim", "docker.io", "library/python", "3.12-slim", false),
            ("acme/x", "docker.io", "acme/x", nil, false), ("localhost/x", "localhost", "x", nil, false),
            ("ghcr.io/acme/x:v1@sha256:\(hex)", "ghcr.io", "acme/x", "v1", true),
        ] as [(String, String, String, String?, Bool)])
    func `an image reference is taken apart`(text: String, registry: String, path: String, tag: String?, isPin: Bool)
        throws
    {
        let image = try ImageReference(text)
        #expect(image.registry == registry)
        #expect(image.path == path)
        #expect(image.tag == tag)
        #expect((image.digest != nil) == isPin)
    }

    @Test(arguments: [
        "", "sha256:pending", "REPLACE_ME", "x@sha256:12", "x@sha256:\(hex.uppercased())", "x@md5:\(hex)", "x:", "x:-a",
        "/x", "localhost/", "ghcr.io//x@sha256:\(hex)", "ghcr.io/X@sha256:\(hex)", "é/x@sha256:\(hex)",
        "x//y", "a b", "ghcr.io/x@sha256:\(hex)0", "https://ghcr.io/x",
    ])
    func `a text that is no image reference is refused or is no pin`(text: String) {
        let image = try? ImageReference(text)
        #expect(image?.digest == nil)
    }

    @Test func `a digest has its digits, its bytes and its text in one order`() throws {
        let bytes = (0..<32).map { UInt8($0 * 8 + 3) }
        let hex = "030b131b232b333b434b535b636b737b838b939ba3abb3bbc3cbd3dbe3ebf3fb"
        let digest = Digest(bytes: bytes)
        #expect(digest.hex == hex && digest.bytes == bytes && digest.description == "sha256:\(hex)")
        #expect(try Digest("sha256:\(hex)") == digest && InputKey(hex).digest == digest)
        // As far as it is hashed they are one, but for the last bit.
        #expect(try Digest("sha256:\(hex.dropLast())a") != digest)
    }

    @Test(arguments: [
        ("127.0.0.1:5075/x", true), ("127.8.8.8/x", true), ("localhost:1/x", true), ("ghcr.io/x", false),
        ("[::1]:5/x", true), ("x", false), ("127.0.0.1.evil.example/x", false), ("localhost.evil.example/x", false),
    ])
    func `loopback registries are told from others`(text: String, expected: Bool) throws {
        #expect(try ImageReference(text).isLoopback == expected)
    }

    @Test(arguments: ["linux/amd64", "x86_64", "AMD64"])
    func `platforms are read in all common spellings`(text: String) throws {
        #expect(try Platform(text) == .amd64)
    }

    @Test func `an unknown platform is refused`() {
        #expect(throws: GrammarError.self) { try Platform("riscv64") }
    }

    @Test(arguments: ["media.metadata@1", "a@2", "a-b.c_d@10"])
    func `spec ids are read`(text: String) throws {
        #expect(try SpecID(text).description == text)
    }

    @Test(arguments: ["media.metadata", "Media@1", "a..b@1", ".a@1", "a@0", "a@", "@1"])
    func `a text that is no spec id is refused`(text: String) {
        #expect(throws: GrammarError.self) { try SpecID(text) }
    }
}

private let hex = String(repeating: "0123456789abcdef", count: 4)
