import FoundationEssentials

/// Serves the repositories below a folder on free loopback ports, with git's own programs: `git http-backend` behind HTTP
/// and HTTPS, `git daemon`, and a real `sshd`. It ends with this value, or with the process.
package final class GitServer: Sendable {
    package let http: Int
    package let daemon: Int
    /// 0 without a certificate.
    package let https: Int
    /// 0 without a configuration of sshd.
    package let ssh: Int
    private let log: String
    private let folder: TemporaryFolder
    private let process: LeashedProcess

    /// - Parameters:
    ///   - user: with `password`, what HTTP wants as basic authentication; nothing when `nil`.
    ///   - header: a whole `Authorization` value that HTTP also takes.
    ///   - certificate: a file with the certificate and the key of HTTPS.
    ///   - sshd: a file with the configuration of sshd.
    package init(
        root: String, user: String? = nil, password: String = "", header: String? = nil, certificate: String = "",
        sshd: String = ""
    ) throws {
        folder = try TemporaryFolder()
        log = folder.path + "/requests.log"
        let script = folder.path + "/server.py"
        try Data(Self.script.utf8).write(to: URL(filePath: script))
        let places = ["/usr/bin/python3", "/usr/local/bin/python3"]
        let python = places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "python3"
        let login = user.map { "\($0):\(password)" } ?? ""
        process = try LeashedProcess(
            python, ["-u", script, root, log, login, header ?? "", certificate, sshd],
            variables: GitCheckout.environment(home: folder.path), log: folder.path + "/errors.log")
        let ports = process.firstLine.split(separator: " ").compactMap { Int($0) }
        guard ports.count == 4 else { throw CocoaError(.executableLoad) }
        (http, daemon, https, ssh) = (ports[0], ports[1], ports[2], ports[3])
    }

    /// Ends it, as an outage would.
    package func end() { process.end() }

    /// One line per HTTP request: method, host, path and all `Authorization` headers.
    package var requests: [String] {
        let text = (try? Data(contentsOf: URL(filePath: log))).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private static let script = #"""
        import base64, http.server, os, socket, ssl, subprocess, sys, threading

        os.closerange(3, 256)
        root, log, login, header, certificate, sshd = sys.argv[1:7]
        wanted = {header} if header else set()
        if login:
            wanted.add("Basic " + base64.b64encode(login.encode()).decode())
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def body(self):
                if self.headers.get("Transfer-Encoding") == "chunked":
                    content = b""
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        content += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                    return content
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def answer(self, status, headers, content=b""):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self):
                authorization = " ".join(self.headers.get_all("Authorization", []))
                with lock, open(log, "a") as file:
                    file.write(f"{self.command} {self.headers['Host']} {self.path} {authorization}\n")
                content = self.body()
                if self.path.startswith("/moved/"):
                    place = f"http://localhost:{self.server.server_port}{self.path[6:]}"
                    return self.answer(301, {"Location": place})
                if wanted and authorization not in wanted:
                    return self.answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
                path, _, query = self.path.partition("?")
                environment = dict(
                    os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
                    REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""),
                    CONTENT_LENGTH=str(len(content)), REMOTE_ADDR="127.0.0.1", REMOTE_USER="user",
                    HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""))
                run = subprocess.run(["git", "http-backend"], input=content, env=environment, capture_output=True)
                head, _, content = run.stdout.partition(b"\r\n\r\n")
                headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
                self.answer(int(headers.pop("Status", "200").split()[0]), headers, content)

            do_POST = do_GET

        def serve(certificate=None):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return server.server_port

        def spawn(command):
            listener = socket.create_server(("127.0.0.1", 0))

            def accept():
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        subprocess.Popen(command, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL)

            threading.Thread(target=accept, daemon=True).start()
            return listener.getsockname()[1]

        print(
            serve(), spawn(["git", "daemon", "--inetd", "--export-all", "--base-path=" + root]),
            serve(certificate) if certificate else 0,
            spawn(["/usr/sbin/sshd", "-i", "-f", sshd]) if sshd else 0, flush=True)
        sys.stdin.read()
        os._exit(0)
        """#
}
