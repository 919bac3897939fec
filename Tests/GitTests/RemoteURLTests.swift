import Git
import TestSupport
import Testing

@Suite
struct RemoteURLTests {
    @Test(arguments: [
        ("https://me:secret@Host.Example/a/b.git", "https://host.example/a/b.git"),
        ("https://token@host:8443/a", "https://host:8443/a"),
        ("HTTP://host/a%20b", "http://host/a%20b"),
        ("ssh://git:secret@host:2222/a.git", "ssh://git@host:2222/a.git"),
        ("git+ssh://host/a", "ssh://host/a"),
        ("git@host:acme/a.git", "git@host:acme/a.git"),
        ("git@host:/srv/a.git", "ssh://git@host/srv/a.git"),
        ("git://host/a", "git://host/a"),
        ("file:///srv/a%20b/", "/srv/a b"),
        ("/srv/a:b/", "/srv/a:b"),
    ])
    func `an address is shown without credentials`(_ text: String, _ shown: String) throws {
        #expect(try RemoteURL(text).description == shown)
        #expect(try RemoteURL(shown).description == shown)
    }

    @Test(arguments: [
        ("git@host:a/b.git", "host/a/b"),
        ("git@host:/a/b.git", "host/a/b"),
        ("ssh://git@host:22/a/b.git/", "host/a/b"),
        ("https://host/a/b.git", "host/a/b"),
        ("https://me:secret@Host:443/a/b/", "host/a/b"),
        ("http://host/a/b", "host/a/b"),
        ("git://host:9418/a/b.git", "host/a/b"),
        ("ann@host:/a/b", "host/a/b"),
        ("ann@host:a/b", "ann@host/a/b"),
        ("https://host:8443/a/b", "host:8443/a/b"),
        ("http://host:8443/a/B", "host:8443/a/B"),
    ])
    func `the usual spellings of one place are one`(_ text: String, _ place: String) throws {
        #expect(try RemoteURL(text).place == place)
    }

    @Test func `the place of a repository on this host is its git directory`() async throws {
        let fixture = try await RepositoryFixture(["a": "b"])
        let place = fixture.repository.commonDirectory
        for text in [fixture.path, fixture.path + "/", "file://" + fixture.path, "file://\(fixture.path)/"] {
            #expect(try RemoteURL(text).place == place)
            #expect(SharedReferences(of: try GitRepository(at: fixture.path)).place == place)
        }
        #expect(try RemoteURL("/nowhere/a.git/").place == "/nowhere/a.git")
    }
}
