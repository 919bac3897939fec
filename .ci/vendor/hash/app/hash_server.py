"""text/hash@1, a vendor's processor: hashes of a text by POST /run. It shares no code with the other processors."""

import hashlib
import http.client
import json
import os
import signal
import socketserver
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

from blake3 import blake3

ALGORITHMS = ("sha256", "sha1", "blake2b")
DIGEST = os.environ.get("IMAGE_DIGEST")


class Problem(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def put(urls, name, data):
    parts = urllib.parse.urlsplit(urls.get(name) or "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Problem("ERR_UPLOAD_PLAN", f"put_urls has no usable URL for {name}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=60)
        connection.request("PUT", f"{parts.path}?{parts.query}" if parts.query else parts.path or "/", data)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise Problem("ERR_RUNTIME", f"upload of {name} failed: {type(error).__name__}") from error
    if status // 100 != 2:
        raise Problem("ERR_RUNTIME", f"upload of {name} was refused with status {status}")


def run(payload):
    if not isinstance(payload, dict):
        raise Problem("ERR_INPUTS", "the payload is no JSON object")
    if payload.get("mode") not in ("mock", "real"):
        raise Problem("ERR_MODE_INVALID", "mode is mock or real")
    inputs, prefix = payload.get("inputs"), payload.get("write_prefix")
    params = inputs.get("params") if isinstance(inputs, dict) else None
    text = params.get("text") if isinstance(params, dict) else None
    if not isinstance(text, str):
        raise Problem("ERR_INPUTS", "/inputs/params/text: a text")
    algorithms = params.get("algorithms", ["sha256"])
    if not isinstance(algorithms, list) or not algorithms or any(name not in ALGORITHMS for name in algorithms):
        raise Problem("ERR_INPUTS", f"/inputs/params/algorithms: some of {', '.join(ALGORITHMS)}")
    if not isinstance(prefix, str) or not prefix.startswith("/") or not prefix.endswith("/"):
        raise Problem("ERR_INPUTS", "/write_prefix: a path that ends in '/'")
    try:
        source = text.encode()
    except UnicodeEncodeError:
        raise Problem("ERR_INPUTS", "/inputs/params/text: not UTF-8") from None
    hashes = {name: hashlib.new(name, source).hexdigest() for name in algorithms}
    data = json.dumps(hashes, sort_keys=True, separators=(",", ":")).encode()
    entry = {"path": prefix + "hashes.json", "cid": "b3:" + blake3(data).hexdigest(), "size_bytes": len(data),
             "mime": "application/json"}  # fmt: skip
    urls = payload.get("put_urls")
    if isinstance(urls, dict):
        put(urls, "outputs/hashes.json", data)
        put(urls, "outputs.json", json.dumps({"outputs": [entry]}, sort_keys=True, separators=(",", ":")).encode())
    return {"status": "success", "outputs": [entry], "index_path": prefix + "outputs.json"}


def envelope(payload):
    started = time.monotonic()
    known = payload if isinstance(payload, dict) else {}
    try:
        result = run(payload)
    except Problem as problem:
        result = {"status": "error", "error": {"code": problem.code, "message": str(problem)}}
    meta = {"env_fingerprint": f"env_keys_present=[],mode={known.get('mode')}",
            "duration_ms": round((time.monotonic() - started) * 1000)}  # fmt: skip
    if DIGEST:
        meta["image_digest"] = DIGEST
    return {"execution_id": str(known.get("execution_id") or ""), **result, "meta": meta}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        health = {"ok": True, **({"digest": DIGEST} if DIGEST else {})}
        self.reply(200, health) if self.path == "/healthz" else self.reply(404, {"error": "not found"})

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/run" or not length.isdecimal() or int(length) > 8 << 20:
            return self.reply(404 if self.path != "/run" else 400, {"error": "POST /run with up to 8 MiB of JSON"})
        try:
            payload = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            payload = None
        result = envelope(payload)
        return self.reply(200 if result["status"] == "success" else 400, result)

    def reply(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Server((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8000"))), Handler) as server:
        server.serve_forever()
