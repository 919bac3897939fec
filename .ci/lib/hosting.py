#!/usr/bin/env python3
"""A git hosting site on loopback: `git http-backend` (git-http-backend(1)) behind basic authentication.

  hosting.py ROOT    serves the repositories below ROOT, prints its port, and ends with standard input

User and password are HOSTING_USER and HOSTING_PASSWORD.
"""

import base64
import contextlib
import hmac
import http.server
import os
import subprocess
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = os.path.abspath(sys.argv[1])
    login = base64.b64encode(f"{os.environ['HOSTING_USER']}:{os.environ['HOSTING_PASSWORD']}".encode()).decode()

    def log_message(self, *arguments):
        pass

    def content(self) -> bytes:
        """What was sent; git sends what is large in chunks (RFC 9112, 7.1)."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        # Who asked may be gone.
        with contextlib.suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(content)

    def do_GET(self) -> None:
        content = self.content()
        if not hmac.compare_digest(self.headers.get("Authorization", ""), "Basic " + self.login):
            return self.answer(401, {"WWW-Authenticate": 'Basic realm="hosting"'})
        path, _, query = self.path.partition("?")
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("HOSTING_", "GIT_"))}
        variables |= {
            "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(content)), "REMOTE_ADDR": "127.0.0.1", "REMOTE_USER": os.environ["HOSTING_USER"],
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        run = subprocess.run(["git", "http-backend"], input=content, env=variables, stdout=subprocess.PIPE)
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.answer(int(headers.pop("Status", "200").split()[0]), headers, body)

    do_POST = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
