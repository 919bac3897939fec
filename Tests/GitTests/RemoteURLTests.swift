import Git
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
}
