import DeploymentModel
import Testing

@testable import OCI

@Suite("Manifests", .tags(.small))
struct ManifestTests {
    static let digest = "sha256:" + String(repeating: "a", count: 64)
    static let config = #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":2}"#
    static let image = #"{"schemaVersion":2,"config":\#(config),"layers":[]}"#

    func read(_ text: String, _ type: String = MediaType.manifest.rawValue) throws -> Manifest {
        try Manifest(Array(text.utf8), contentType: type)
    }

    @Test("The digest is that of the bytes as they came, white space included")
    func digestOfBytes() throws {
        let (plain, spaced) = (try read(Self.image), try read(Self.image + "\n"))
        #expect(plain.digest != spaced.digest)
        #expect(plain.digest == ContentHash.digest(of: Array(Self.image.utf8)))
        #expect(plain.content == spaced.content)
    }

    @Test("SHA-256 of the empty text is the known one")
    func knownDigest() {
        #expect(
            ContentHash.digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("Parameters and letter case of the content type don't matter")
    func contentType() throws {
        #expect(
            try read(Self.image, "Application/vnd.oci.image.manifest.v1+JSON; charset=utf-8").mediaType == .manifest)
    }

    @Test(
        "What is no manifest is refused with its reason",
        arguments: [
            ("<html>", "text/html", "'text/html'"),
            (ManifestTests.image, "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
            (ManifestTests.image, "", "type is ''"),
            ("{", MediaType.manifest.rawValue, "no JSON"),
            (#"{"schemaVersion":1}"#, MediaType.manifest.rawValue, "schema version"),
            (#"{"schemaVersion":2}"#, MediaType.manifest.rawValue, "no config"),
            (#"{"schemaVersion":2}"#, MediaType.index.rawValue, "no manifests"),
            (#"{"schemaVersion":2,"manifests":[{"digest":"x"}]}"#, MediaType.index.rawValue, "in its list"),
            (
                #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
                MediaType.manifest.rawValue, "calls itself"
            ),
            (
                #"{"schemaVersion":2,"config":\#(ManifestTests.config),"layers":[],"manifests":[]}"#,
                MediaType.index.rawValue, "as an index and as an image"
            ),
        ])
    func malformed(text: String, type: String, reason: String) {
        #expect {
            try read(text, type)
        } throws: {
            ($0 as? Manifest.Malformed)?.reason.contains(reason) == true
        }
    }
}
