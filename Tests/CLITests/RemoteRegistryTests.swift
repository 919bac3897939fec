import FoundationEssentials
import TestSupport
import Testing

/// Registries behind servers as they are in the field: TLS of a company's own authority, and a real sshd.
@Suite(.tags(.medium))
struct RemoteRegistryTests {
    /// A home with everything in it, and a repository to serve.
    private struct Place {
        let origin: GitCheckout
        let home: TemporaryFolder

        init() throws {
            origin = try GitCheckout(["registry/processors/text_stats.yaml": "ref: text/stats@1\n"])
            home = try TemporaryFolder()
        }

        func write(_ text: String, to name: String) throws {
            let file = URL(filePath: home.path + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        func run(_ script: String) async throws -> Pinion.Outcome {
            let run = try await Pinion.run("sh", ["-euc", script], in: home.path)
            try #require(run.exitCode == 0, "\(run.stderr)")
            return run
        }

        func validate(_ address: String) async throws -> Pinion.Outcome {
            try await Pinion.run(
                ["validate", "--repo", address], in: home.path,
                environment: [
                    "HOME": home.path, "XDG_CACHE_HOME": home.path + "/caches", "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_TERMINAL_PROMPT": "0", "SSH_AUTH_SOCK": nil, "GIT_SSL_CAINFO": nil, "SSL_CERT_FILE": nil,
                ])
        }
    }

    @Test func `https is trusted by the authority that git is configured with, and by no other`() async throws {
        let place = try Place()
        _ = try await place.run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Test authority' \
              -keyout ca.key -out ca.pem
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=server' \
              -keyout server.key -out server.csr
            printf 'subjectAltName=DNS:localhost' > names
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
              -out server.crt
            cat server.key server.crt > server.pem
            """)
        let server = try GitServer(root: place.origin.folder.path, certificate: place.home.path + "/server.pem")
        let address = "https://localhost:\(server.https)/work/.git"
        let refused = try await place.validate(address)
        #expect(refused.exitCode == 69)
        #expect(refused.stderr.contains("certificate"), "\(refused.stderr)")
        try place.write("[http]\n\tsslCAInfo = \(place.home.path)/ca.pem\n", to: ".gitconfig")
        let passed = try await place.validate(address)
        #expect(passed.exitCode == 0, "\(passed.stderr)")
        #expect(passed.stderr.contains("1 processor"))
        // The certificate is for the address, not for every name of the host.
        let other = try await place.validate("https://127.0.0.1:\(server.https)/work/.git")
        #expect(other.exitCode == 69)
    }

    /// Installing sshd on a user's machine would start a login service there, so nothing of ours does that: where it is
    /// not, the test says so.
    private static let hasSSHD =
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")
        && FileManager.default.fileExists(atPath: "/run/sshd")

    @Test(.enabled(if: hasSSHD, "no sshd here (Debian: openssh-server, mkdir /run/sshd)"))
    func `ssh lets in a key that the server knows, at a host that the user knows`() async throws {
        let place = try Place()
        let setup = try await place.run(
            """
            mkdir -m 700 .ssh
            ssh-keygen -q -t ed25519 -N '' -f host_key
            ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
            ssh-keygen -q -t ed25519 -N '' -f stranger
            cp .ssh/id_ed25519.pub authorized_keys
            id -un
            """)
        let user = setup.stdout.split(separator: "\n").joined()
        try place.write(
            """
            HostKey \(place.home.path)/host_key
            AuthorizedKeysFile \(place.home.path)/authorized_keys
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            PidFile none
            """, to: "sshd_config")
        let server = try GitServer(root: place.origin.folder.path, sshd: place.home.path + "/sshd_config")
        let address = "ssh://\(user)@127.0.0.1:\(server.ssh)\(place.origin.path)"

        let unknown = try await place.validate(address)
        #expect(unknown.exitCode == 69)
        #expect(unknown.stderr.contains("unknown remote ssh hostkey"), "\(unknown.stderr)")

        let key = try String(contentsOfFile: place.home.path + "/host_key.pub", encoding: .utf8)
        try place.write("[127.0.0.1]:\(server.ssh) \(key)", to: ".ssh/known_hosts")
        let passed = try await place.validate(address)
        #expect(passed.exitCode == 0, "\(passed.stderr)")
        #expect(passed.stderr.contains("1 processor"))

        _ = try await place.run("mv stranger .ssh/id_ed25519 && mv stranger.pub .ssh/id_ed25519.pub")
        let refused = try await place.validate(address)
        #expect(refused.exitCode == 77)
        #expect(refused.stderr.contains("refuses the keys"), "\(refused.stderr)")
    }
}
