"""Serves a processor over HTTP: GET /healthz, POST /run with JSON, POST /run-stream with server-sent events."""

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
STATUS = {"ERR_RUNTIME": 500}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512


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
        if path not in ("/run", "/run-stream"):
            self.close_connection = True
            self.send_json(404, {"error": "only /healthz, /run and /run-stream are served here"})
            return
        try:
            payload = self.payload()
        except Refused as refused:
            self.close_connection = True  # its body may not have been read
            self.send_json(refused.status, Run("").fail("ERR_INPUTS", str(refused)))
            return
        if path == "/run":
            envelope = run(payload, lambda share: None)
            self.send_json(status(envelope), envelope)
        else:
            self.stream(payload)

    def payload(self):
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "the content type must be application/json")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            raise Refused(400, f"a Content-Length up to {BODY_LIMIT} is needed")
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise Refused(400, "the body is no JSON") from None

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
        data = f"event: {name}\ndata: {compact(value)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def send_json(self, status, value):
        data = compact(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def compact(value):
    # Escaped to ASCII, so that a lone surrogate of the input can't break the answer.
    return json.dumps(value, separators=(",", ":"))


def status(envelope):
    return 200 if envelope["status"] == "success" else STATUS.get(envelope["error"]["code"], 400)


def run(payload, progress):
    try:
        accepted = Run.accept(payload, processor.REQUIRED_SECRETS, processor.OPTIONAL_SECRETS)
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


def main():
    # Process 1 has no default handlers: without these, `docker stop` would take ten seconds.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: sys.exit(0))
    with Server((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8000"))), Handler) as server:
        server.serve_forever(poll_interval=3600)


if __name__ == "__main__":
    main()
