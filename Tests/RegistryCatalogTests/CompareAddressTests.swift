import RegistryCatalog
import Testing

@Suite(.tags(.small))
struct CompareAddressTests {
    @Test(arguments: [
        ("https://github.com/acme/registry.git", "https://github.com/acme/registry/compare/main...pinion/pins/main"),
        ("git@github.com:acme/registry.git", "https://github.com/acme/registry/compare/main...pinion/pins/main"),
        ("ssh://git@github.com:22/acme/registry", "https://github.com/acme/registry/compare/main...pinion/pins/main"),
        (
            "https://github.acme.example:8443/a/b/",
            "https://github.acme.example:8443/a/b/compare/main...pinion/pins/main"
        ),
        (
            "https://user@gitlab.com/acme/group/registry.git",
            "https://gitlab.com/acme/group/registry/-/compare/main...pinion/pins/main"
        ),
        ("http://gitlab.local/a/b.git", "http://gitlab.local/a/b/-/compare/main...pinion/pins/main"),
        (
            "git@bitbucket.org:acme/registry.git",
            "https://bitbucket.org/acme/registry/branches/compare/pinion/pins/main%0Dmain"
        ),
    ])
    func `a host that is known has a page that compares two branches`(remote: String, page: String) {
        #expect(CompareAddress(ofRepository: remote, from: "main", to: "pinion/pins/main")?.text == page)
    }

    @Test(arguments: [
        "/srv/registry.git", "file:///srv/github/registry.git", "https://git.example.com/a/b.git",
        "https://notgithub.com/a/b", "https://github.com/only", "git://github.com/a/b", "./a:b/c",
        "https://evil.example/github.com/a/b",
    ])
    func `of other hosts nothing is guessed`(remote: String) {
        #expect(CompareAddress(ofRepository: remote, from: "main", to: "pinion/pins/main") == nil)
    }

    @Test func `letters that mean something in an address are written as numbers`() {
        let page = CompareAddress(ofRepository: "https://github.com/a/b", from: "50%", to: "pins/#1 ü?")
        #expect(page?.text == "https://github.com/a/b/compare/50%25...pins/%231%20%C3%BC%3F")
    }
}
