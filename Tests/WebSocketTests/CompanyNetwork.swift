import FoundationEssentials
import Subprocess
import Testing

/// Ways to a server on loopback as a company's network has them: TLS with an authority of its own, and a proxy that may
/// want a login. Whatever name the proxy is asked for, it leads to that server: port 443 with TLS, any other without.
enum CompanyNetwork {
    struct Ways: Sendable {
        /// The port of TLS, for the names `localhost` and `processor.test`.
        let tls: Int
        let proxy: Int
        /// The file with the certificate of the authority.
        let authority: String
        private let log: String

        init(tls: Int, proxy: Int, folder: String) {
            self.tls = tls
            self.proxy = proxy
            authority = folder + "/ca.pem"
            log = folder + "/requests"
        }

        /// What the proxy was asked so far: request lines, with the login where there was one.
        var requests: [String] {
            let data = (try? Data(contentsOf: URL(filePath: log))) ?? Data()
            return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    /// - Parameter login: what the proxy wants, `user:password`.
    static func with<Value: Sendable>(
        endingAt port: Int, login: String = "", _ body: (Ways) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-ways-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try await Subprocess.run(
            .name("sh"), arguments: ["-euc", certificates, folder], output: .discarded, error: .string(limit: 1 << 16))
        try #require(made.terminationStatus.isSuccess, "\(made.standardError)")
        let result = try await Subprocess.run(
            .name("python3"), arguments: ["-uc", script, folder, "\(port)", login], input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            var said = ""
            for try await line in execution.standardOutput.strings() {
                said = line
                break
            }
            let ports = said.split { $0.isWhitespace }.compactMap { Int($0) }
            let result: Result<Value, any Error>
            do {
                try #require(ports.count == 2)
                result = .success(try await body(Ways(tls: ports[0], proxy: ports[1], folder: folder)))
            } catch {
                result = .failure(error)
            }
            try? execution.send(signal: .kill)
            return result
        }
        return try result.closureResult.get()
    }

    private static let certificates = """
        cd "$0"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Test authority' \
          -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=processor' \
          -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost,DNS:processor.test' > names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
          -out server.crt
        cat server.key server.crt > server.pem
        """

    private static let script = #"""
        import base64, socket, ssl, sys, threading

        folder, upstream, login = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        wanted = "Basic " + base64.b64encode(login.encode()).decode()

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
            except OSError:
                pass
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def relay(one, port):
            other = socket.create_connection(("127.0.0.1", port))
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

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/server.pem")
        tls = serve(lambda connection: relay(context.wrap_socket(connection, server_side=True), upstream))

        def proxy(connection):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            lines = head.decode().split("\r\n")
            shown = [line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization: ")]
            with open(folder + "/requests", "a") as log:
                log.write(" ".join([lines[0].removesuffix(" HTTP/1.1")] + shown) + "\n")
            if login and shown != [wanted]:
                connection.sendall(
                    b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
                connection.close()
            elif lines[0].startswith("CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Here\r\n\r\n")
                relay(connection, tls if ":443 " in lines[0] else upstream)
            else:
                connection.close()

        print(tls, serve(proxy))
        threading.Event().wait()
        """#
}
