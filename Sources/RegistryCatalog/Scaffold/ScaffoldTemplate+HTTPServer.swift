extension ScaffoldTemplate {
    /// `app/server.py` of a processor that speaks HTTP. Python's standard library alone.
    static let httpServer = #"""
        """Serves the processor over HTTP: GET /healthz, POST /run with JSON, POST /run-stream with server-sent events."""

        import json
        import os
        import signal
        import socketserver
        import sys
        import traceback
        from http.server import BaseHTTPRequestHandler

        from . import processor
        from .protocol import Run, RunError, health

        BODY_LIMIT = 8 << 20


        def run(payload, progress):
            """The envelope of a run, whatever happens in it."""
            try:
                accepted = Run.accept(payload, processor.REQUIRED_SECRETS)
            except RunError as error:
                return error.run.fail(error.code, error.message)
            try:
                return accepted.succeed(processor.outputs(accepted, progress))
            except RunError as error:
                return accepted.fail(error.code, error.message)
            except ConnectionError:
                raise
            except Exception as error:
                # Only frames and the type: the text of a foreign error may hold what nobody should read.
                print("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__, flush=True)
                return accepted.fail("ERR_RUNTIME", f"the processor failed: {type(error).__name__}")


        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_GET(self):
                if self.path.partition("?")[0] == "/healthz":
                    self.send_json(200, health())
                else:
                    self.send_json(404, {"error": "only /healthz, /run and /run-stream are served here"})

            def do_POST(self):
                path = self.path.partition("?")[0]
                length = self.headers.get("Content-Length", "")
                if path not in ("/run", "/run-stream") or not length.isdecimal() or int(length) > BODY_LIMIT:
                    self.close_connection = True  # its body was not read
                    self.send_json(400, Run("").fail("ERR_INPUTS", f"POST JSON of up to {BODY_LIMIT} bytes to /run"))
                    return
                try:
                    payload = json.loads(self.rfile.read(int(length)))
                except (ValueError, RecursionError):
                    self.send_json(400, Run("").fail("ERR_INPUTS", "the body is no JSON"))
                    return
                if path == "/run-stream":
                    self.stream(payload)
                    return
                envelope = run(payload, lambda share: None)
                code = envelope.get("error", {}).get("code")
                self.send_json({None: 200, "ERR_RUNTIME": 500}.get(code, 400), envelope)

            def stream(self, payload):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                envelope = run(payload, lambda share: self.send_event("progress", {"done": share}))
                self.send_event("done" if envelope["status"] == "success" else "error", envelope)
                self.wfile.write(b"0\r\n\r\n")

            def send_event(self, name, value):
                data = f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

            def send_json(self, status, value):
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass


        class Server(socketserver.ThreadingTCPServer):
            # Not http.server's own, which looks up the host's name and may wait for that.
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 512


        def main():
            # Process 1 has no default handlers: without these, stopping the container would take ten seconds.
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: sys.exit(0))
            with Server((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8000"))), Handler) as server:
                server.serve_forever(poll_interval=3600)


        if __name__ == "__main__":
            main()

        """#
}
