"""What every run has in common: the payload that comes in, the envelope that goes out, uploads between them.

A processor's folder is its whole build context, so each one carries this file; the copies are the same.
"""

import http.client
import json
import os
import platform
import re
import time
import urllib.parse
from dataclasses import dataclass, field

EXECUTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
UPLOAD_TIMEOUT_S = 60


class RunError(Exception):
    """A run that ends in an error envelope."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Output:
    path: str  # as the spec declares it, below the write prefix
    data: bytes
    mime: str

    def entry(self, prefix):
        from blake3 import blake3

        cid = "b3:" + blake3(self.data).hexdigest()
        return {"path": prefix + self.path, "cid": cid, "size_bytes": len(self.data), "mime": self.mime}


@dataclass
class Run:
    execution_id: str
    mode: str = ""
    params: dict = field(default_factory=dict)
    write_prefix: str = ""
    put_urls: dict | None = None
    required_secrets: tuple = ()
    optional_secrets: tuple = ()
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def accept(cls, payload, required_secrets=(), optional_secrets=()):
        """The run that a payload asks for. Raises RunError; the run that it blames is in the error's `run`."""
        known = payload if isinstance(payload, dict) else {}
        run = cls(str(known.get("execution_id") or ""))
        try:
            run._fill(payload, required_secrets, optional_secrets)
        except RunError as error:
            error.run = run
            raise
        return run

    def _fill(self, payload, required, optional):
        if not isinstance(payload, dict):
            raise RunError("ERR_INPUTS", "the payload is no JSON object")
        if not isinstance(payload.get("execution_id"), str) or not EXECUTION_ID.fullmatch(self.execution_id):
            raise RunError("ERR_INPUTS", "/execution_id: 1 to 128 of letters, digits, '.', '_' and '-'")
        if payload.get("mode") not in ("mock", "real"):
            raise RunError("ERR_MODE_INVALID", f"mode is mock or real, not {json.dumps(payload.get('mode'))}")
        self.mode, self.required_secrets, self.optional_secrets = payload["mode"], tuple(required), tuple(optional)
        missing = sorted(set(required) - set(self.present_secrets())) if self.mode == "real" else []
        if missing:
            raise RunError("ERR_MISSING_SECRET", f"required and not in the environment: {', '.join(missing)}")
        prefix = payload.get("write_prefix")
        if not isinstance(prefix, str) or not prefix.startswith(("/artifacts/", "/streams/")) or prefix[-1] != "/":
            raise RunError("ERR_INPUTS", "/write_prefix: a world path below /artifacts/ or /streams/ that ends in '/'")
        inputs = payload.get("inputs")
        if not isinstance(inputs, dict) or inputs.get("schema") != "v1" or not isinstance(inputs.get("params"), dict):
            raise RunError("ERR_INPUTS", '/inputs: expected {"schema":"v1","params":{…}}')
        try:
            json.dumps(inputs, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise RunError("ERR_INPUTS", "/inputs: half of a surrogate pair can't be written as UTF-8") from None
        put_urls = payload.get("put_urls")
        if put_urls is not None and not isinstance(put_urls, dict):
            raise RunError("ERR_UPLOAD_PLAN", "/put_urls: expected an object of URLs")
        self.write_prefix, self.params, self.put_urls = prefix, inputs["params"], put_urls

    def present_secrets(self):
        """The names of the secrets that are there. A mock run doesn't look, so that it can't depend on one."""
        if self.mode != "real":
            return []
        return sorted(name for name in (*self.required_secrets, *self.optional_secrets) if os.environ.get(name))

    def succeed(self, outputs):
        """Uploads the outputs where the payload asks for it, and gives the success envelope."""
        outputs = sorted(outputs, key=lambda output: output.path.encode())
        entries = [output.entry(self.write_prefix) for output in outputs]
        if self.put_urls is not None:
            for output in outputs:
                self._put("outputs/" + output.path, output.data, output.mime)
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
        digest = os.environ.get("IMAGE_DIGEST")
        machine = platform.machine()
        facts = {
            "env_keys_present": f"[{','.join(self.present_secrets())}]",
            "image": digest,
            "mode": self.mode or None,
            "platform": ARCHITECTURES.get(machine, machine),
        }
        meta = {
            "env_fingerprint": ",".join(f"{key}={value}" for key, value in sorted(facts.items()) if value),
            "duration_ms": round((time.monotonic() - self.started) * 1000),
        }
        return {**meta, "image_digest": digest} if digest else meta

    def _put(self, name, data, mime):
        url = self.put_urls.get(name)
        if not isinstance(url, str):
            raise RunError("ERR_UPLOAD_PLAN", f"put_urls has no URL for {name}")
        parts = urllib.parse.urlsplit(url)
        schemes = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in schemes or not parts.hostname:
            raise RunError("ERR_UPLOAD_PLAN", f"the URL for {name} is no http or https URL")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # A pre-signed URL is a credential, so no message repeats it.
        try:
            connection = schemes[parts.scheme](parts.hostname, parts.port, timeout=UPLOAD_TIMEOUT_S)
            try:
                connection.request("PUT", target, body=data, headers={"Content-Type": mime})
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise RunError("ERR_RUNTIME", f"upload of {name} failed: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise RunError("ERR_RUNTIME", f"upload of {name} was refused with status {status}")


def health():
    digest = os.environ.get("IMAGE_DIGEST")
    return {"ok": True, "digest": digest} if digest else {"ok": True}
