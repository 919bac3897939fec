import DeploymentModel
import FoundationEssentials
import JSON
import OCI
import TestSupport
import Testing

/// The ways to an OCI registry that a network of a company may want: TLS of its own authority, a proxy, plain HTTP.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct RegistryRouteTests {
    /// Runs a program beside a proxy and an end of TLS, both of which lead to the real registry, whatever the name.
    private static let script = """
        import json, os, socket, ssl, subprocess, sys, threading
        upstream, certificate, variables, command = int(sys.argv[1]), sys.argv[2], sys.argv[3].split(), sys.argv[4:]
        requests = []
        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                sink.close()
        def relay(one, other):
            threading.Thread(target=pump, args=(one, other), daemon=True).start()
            pump(other, one)
        def serve(handle):
            def guarded(connection):
                try:
                    handle(connection)
                except OSError:
                    connection.close()
            def loop():
                while True:
                    threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()
            listener = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=loop, daemon=True).start()
            return listener.getsockname()[1]
        registry = lambda: socket.create_connection(("127.0.0.1", upstream))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        tls = serve(lambda connection: relay(context.wrap_socket(connection, server_side=True), registry()))
        def proxy(connection):
            head = b""
            while b"\\r\\n\\r\\n" not in head:
                head += connection.recv(65536)
            line = head.split(b"\\r\\n")[0].decode()
            requests.append(line)
            if line.startswith("CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Here\\r\\n\\r\\n")
                relay(connection, socket.create_connection(("127.0.0.1", tls)))
            else:
                target = registry()
                target.sendall(head)
                relay(connection, target)
        address = f"http://127.0.0.1:{serve(proxy)}"
        environment = dict(os.environ, **{name: address for name in variables})
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        json.dump({"code": run.returncode, "output": run.stdout + run.stderr, "requests": requests}, sys.stdout)
        """

    /// What `pinion verify-pins` said, and what the proxy was asked.
    private struct Run {
        let code: Int64
        let output: String
        let requests: [String]
    }

    private let home: TemporaryFolder

    init() async throws {
        home = try TemporaryFolder()
        try Data(Self.script.utf8).write(to: URL(filePath: home.path + "/route.py"))
        let made = try await Pinion.run(
            "sh",
            [
                "-euc",
                """
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                  -subj '/CN=Test authority' -keyout ca.key -out ca.pem
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=registry' \
                  -keyout server.key -out server.csr
                printf 'subjectAltName=DNS:registry.test' > names
                openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
                  -out server.crt
                cat server.key server.crt > server.pem
                """,
            ], in: home.path)
        try #require(made.exitCode == 0, "\(made.stderr)")
    }

    /// Verifies the pins of a registry with one processor, whose images are under this name of the real registry.
    private func verify(
        _ registry: String, proxy: [String] = [], options: [String] = [], environment: [String: String?] = [:]
    ) async throws -> Run {
        let base = try ImageReference("\(Components.registry)/pinion/python:3")
        let images = try await OCIRegistryClient().platforms(of: base)
        let pins = images.map { "\($0.key): \(registry)/\(base.path)@\($0.value.digest?.description ?? "")" }
        let fixture = try await RepositoryFixture([
            "registry/processors/text_stats.yaml": """
            ref: text/stats@1
            image: {platforms: {\(pins.sorted().joined(separator: ", "))}}
            """
        ])
        let port = try #require(Components.registry.split(separator: ":").last)
        var variables: [String: String?] = [
            "SSL_CERT_FILE": nil, "SSL_CERT_DIR": nil, "CURL_CA_BUNDLE": nil, "https_proxy": nil, "http_proxy": nil,
            "HTTPS_PROXY": nil, "HTTP_PROXY": nil, "all_proxy": nil, "ALL_PROXY": nil, "no_proxy": nil, "NO_PROXY": nil,
        ]
        variables.merge(environment) { $1 }
        let run = try await Pinion.run(
            "python3",
            [home.path + "/route.py", String(port), home.path + "/server.pem", proxy.joined(separator: " ")]
                + [Pinion.program, "verify-pins", "--repo", fixture.path] + options, environment: variables)
        let json = try JSONValue(parsing: run.stdout)
        return Run(
            code: json["code"]?.intValue ?? -1, output: json["output"]?.stringValue ?? run.stderr,
            requests: json["requests"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }

    private var authority: [String: String?] { ["SSL_CERT_FILE": home.path + "/ca.pem"] }

    @Test(arguments: ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
    func `a registry behind a proxy is trusted by the authority that SSL_CERT_FILE names`(variable: String) async throws
    {
        let run = try await verify("registry.test", proxy: [variable], environment: authority)
        #expect(run.code == 0, "\(run.output)")
        #expect(run.output.contains("2 pinned images, all there."))
        #expect(!run.requests.isEmpty && run.requests.allSatisfy { $0 == "CONNECT registry.test:443 HTTP/1.1" })
    }

    @Test func `without it nothing is believed`() async throws {
        let run = try await verify("registry.test", proxy: ["https_proxy"])
        #expect(run.code == 1)
        #expect(run.output.contains("ERR_NETWORK") && run.output.contains("can't be trusted"), "\(run.output)")
    }

    @Test(arguments: ["no_proxy", "NO_PROXY"])
    func `what the environment keeps from the proxy does not go there`(variable: String) async throws {
        var environment = authority
        environment[variable] = "other.test,registry.test"
        let run = try await verify("registry.test", proxy: ["https_proxy"], environment: environment)
        #expect(run.code == 1 && run.output.contains("can't be reached"), "\(run.output)")
        #expect(run.requests.isEmpty)
    }

    @Test func `plain HTTP is for registries that are named, and takes the proxy for it`() async throws {
        let named = try await verify(
            "registry.test:5000", proxy: ["http_proxy"], options: ["--insecure-registry", "registry.test:5000"])
        #expect(named.code == 0, "\(named.output)")
        #expect(!named.requests.isEmpty)
        #expect(named.requests.allSatisfy { $0.contains(" http://registry.test:5000/v2/") }, "\(named.requests)")

        // The port is part of the name.
        let other = try await verify(
            "registry.test:5000", proxy: ["http_proxy"], options: ["--insecure-registry", "registry.test"])
        #expect(other.code == 1)
        #expect(other.requests.isEmpty)
    }

    @Test func `loopback is never asked for through a proxy`() async throws {
        let run = try await verify(Components.registry, proxy: ["http_proxy", "https_proxy", "ALL_PROXY"])
        #expect(run.code == 0, "\(run.output)")
        #expect(run.requests.isEmpty)
    }

    @Test func `an address in place of a host is refused with the usage`() async throws {
        let run = try await Pinion.run(["verify-pins", "--insecure-registry", "http://registry.test"])
        #expect(run.exitCode == 64)
        #expect(run.stderr.contains("--insecure-registry"))
    }
}
