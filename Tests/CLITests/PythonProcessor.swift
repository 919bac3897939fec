/// The program of a processor over HTTP, in Python without packages: it is healthy at once, and a run uploads one file.
struct PythonProcessor {
    let text: String

    /// - Parameters:
    ///   - file: the output of a run, as the spec declares it: `say.txt`.
    ///   - data: an expression for its bytes, of `inputs`: `b"hello"`.
    ///   - setup: what else stands at the top.
    init(writing file: String, _ data: String, setup: String = "") {
        text = """
            import json, os, signal, socket, sys, time, urllib.request
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

            # Process 1 has no handler of its own: without this one, stopping it takes ten seconds.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

            \(setup)

            class Handler(BaseHTTPRequestHandler):
                def answer(self, value):
                    body = json.dumps(value).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def do_GET(self):  # /healthz
                    self.answer({"ok": True})

                def do_POST(self):
                    if self.path != "/run":
                        return self.send_error(404)
                    payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    inputs = payload["inputs"]
                    data = \(data)
                    entry = {"path": payload["write_prefix"] + "\(file)", "size_bytes": len(data)}
                    index = json.dumps({"outputs": [entry]}, separators=(",", ":")).encode()
                    for name, body in (("outputs/\(file)", data), ("outputs.json", index)):
                        if name in payload["put_urls"]:
                            urllib.request.urlopen(urllib.request.Request(payload["put_urls"][name], body, method="PUT"))
                    self.answer({"status": "success", "execution_id": payload["execution_id"], "outputs": [entry],
                                 "index_path": payload["write_prefix"] + "outputs.json", "meta": {}})

                def log_message(self, *arguments):
                    pass

            ThreadingHTTPServer(("", 8000), Handler).serve_forever()

            """
    }
}
