extension ScaffoldTemplate {
    /// `app/protocol.py`: what every run has in common. Python's standard library alone.
    static let runProtocol = #"""
        """What every run has in common: the payload that comes in, the envelope that goes out, uploads between them."""

        import json
        import os
        import platform
        import re
        import time
        import urllib.error
        import urllib.request
        from dataclasses import dataclass, field

        EXECUTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
        ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
        UPLOAD_TIMEOUT_S = 60
        # No proxy: an upload goes where its URL says.
        OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


        class RunError(Exception):
            """Ends a run with an error envelope."""

            def __init__(self, code, message):
                super().__init__(message)
                self.code = code
                self.message = message


        @dataclass(frozen=True)
        class Output:
            path: str  # as registry.yaml declares it, below the write prefix
            data: bytes
            mime: str


        @dataclass
        class Run:
            execution_id: str
            mode: str = ""
            params: dict = field(default_factory=dict)
            write_prefix: str = ""
            put_urls: dict | None = None
            secrets: tuple = ()  # the names of those that are there
            started: float = field(default_factory=time.monotonic)

            @classmethod
            def accept(cls, payload, required_secrets=()):
                """The run that a payload asks for. Raises RunError; the run that it blames is in the error's `run`."""
                payload = payload if isinstance(payload, dict) else {}
                run = cls(str(payload.get("execution_id") or ""))
                try:
                    run._fill(payload, required_secrets)
                except RunError as error:
                    error.run = run
                    raise
                return run

            def _fill(self, payload, required_secrets):
                if not EXECUTION_ID.fullmatch(self.execution_id):
                    raise RunError("ERR_INPUTS", "/execution_id: 1 to 128 of letters, digits, '.', '_' and '-'")
                if payload.get("mode") not in ("mock", "real"):
                    raise RunError("ERR_MODE_INVALID", "mode is mock or real")
                self.mode = payload["mode"]
                # A mock run doesn't look at secrets, so that it can't depend on one.
                if self.mode == "real":
                    self.secrets = tuple(name for name in required_secrets if os.environ.get(name))
                    missing = sorted(set(required_secrets) - set(self.secrets))
                    if missing:
                        raise RunError("ERR_MISSING_SECRET", f"required and not in the environment: {', '.join(missing)}")
                prefix, inputs = payload.get("write_prefix"), payload.get("inputs")
                if not isinstance(prefix, str) or not prefix.startswith(("/artifacts/", "/streams/")) or prefix[-1] != "/":
                    raise RunError("ERR_INPUTS", "/write_prefix: a path below /artifacts/ or /streams/ that ends in '/'")
                if not isinstance(inputs, dict) or inputs.get("schema") != "v1" or not isinstance(inputs.get("params"), dict):
                    raise RunError("ERR_INPUTS", '/inputs: expected {"schema":"v1","params":{…}}')
                put_urls = payload.get("put_urls")
                if put_urls is not None and not isinstance(put_urls, dict):
                    raise RunError("ERR_UPLOAD_PLAN", "/put_urls: expected an object of URLs")
                self.write_prefix, self.params, self.put_urls = prefix, inputs["params"], put_urls

            def succeed(self, outputs):
                """Uploads the outputs where the payload asks for it, and gives the success envelope."""
                outputs = sorted(outputs, key=lambda output: output.path.encode())
                entries = [
                    {"path": self.write_prefix + output.path, "size_bytes": len(output.data), "mime": output.mime}
                    for output in outputs
                ]
                if self.put_urls is not None:
                    for output in outputs:
                        self._put("outputs/" + output.path, output.data, output.mime)
                    # One spelling for one content: an index with white space or another order is refused.
                    index = json.dumps({"outputs": entries}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                    self._put("outputs.json", index.encode(), "application/json")
                return {
                    "status": "success",
                    "execution_id": self.execution_id,
                    "outputs": entries,
                    "index_path": self.write_prefix + "outputs.json",
                    "meta": self.meta(),
                }

            def fail(self, code, message):
                error = {"code": code, "message": message}
                return {"status": "error", "execution_id": self.execution_id, "error": error, "meta": self.meta()}

            def meta(self):
                machine, keys = platform.machine(), ",".join(sorted(self.secrets))
                meta = {
                    "env_fingerprint": f"env_keys_present=[{keys}],mode={self.mode},"
                    f"platform={ARCHITECTURES.get(machine, machine)}",
                    "duration_ms": round((time.monotonic() - self.started) * 1000),
                }
                digest = os.environ.get("IMAGE_DIGEST")
                return {**meta, "image_digest": digest} if digest else meta

            def _put(self, name, data, mime):
                url = self.put_urls.get(name)
                if not isinstance(url, str) or not url.startswith(("http://", "https://")):
                    raise RunError("ERR_UPLOAD_PLAN", f"put_urls has no http or https URL for {name}")
                request = urllib.request.Request(url, data, {"Content-Type": mime}, method="PUT")
                # A pre-signed URL is a credential, so no message repeats it.
                try:
                    OPENER.open(request, timeout=UPLOAD_TIMEOUT_S).close()
                except urllib.error.HTTPError as error:
                    raise RunError("ERR_RUNTIME", f"upload of {name} was refused with status {error.code}") from None
                except (OSError, ValueError) as error:
                    raise RunError("ERR_RUNTIME", f"upload of {name} failed: {type(error).__name__}") from None


        def health():
            digest = os.environ.get("IMAGE_DIGEST")
            return {"ok": True, "digest": digest} if digest else {"ok": True}

        """#
}
