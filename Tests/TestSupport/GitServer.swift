import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

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
    /// The server's standard input, whose end is its end.
    private let leash: CInt
    private let child: pid_t

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
        let (input, output) = (try Self.ends(), try Self.ends())
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        let places = ["/usr/bin/python3", "/usr/local/bin/python3"]
        let python = places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "python3"
        let login = user.map { "\($0):\(password)" } ?? ""
        let arguments = [python, "-u", script, root, log, login, header ?? "", certificate, sshd]
        var pointers = arguments.map { strdup($0) } + [nil]
        var variables = GitCheckout.environment(home: folder.path).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in pointers + variables { free(pointer) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, python, &actions, nil, &pointers, &variables) == 0 else {
            throw CocoaError(.executableLoad)
        }
        self.child = child
        leash = input.writing
        close(input.reading)
        close(output.writing)
        let ports = Self.line(output.reading).split(separator: " ").compactMap { Int($0) }
        close(output.reading)
        guard ports.count == 4 else { throw CocoaError(.executableLoad) }
        (http, daemon, https, ssh) = (ports[0], ports[1], ports[2], ports[3])
    }

    deinit {
        close(leash)
        var status: CInt = 0
        _ = waitpid(child, &status, 0)
    }

    /// One line per HTTP request: method, host, path and all `Authorization` headers.
    package var requests: [String] {
        let text = (try? Data(contentsOf: URL(filePath: log))).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private static func ends() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CocoaError(.executableLoad) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func line(_ descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
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
