"""What the stand-in remembers, as one JSON file. It holds names and keyed hashes of secrets, never a value."""

import asyncio
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import string
import time

LETTERS = string.ascii_letters + string.digits


class State:
    """Collections by id, written a moment after each change, so that a burst of changes is one write."""

    def __init__(self, folder: pathlib.Path, environments: list[str]) -> None:
        self.file = folder / "state.json"
        self._scheduled: asyncio.TimerHandle | None = None
        self._last_time = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if self.file.exists():
            self.data = json.loads(self.file.read_text())
        else:
            self.data = {
                "label": secrets.token_hex(6),
                "hash_key": secrets.token_hex(32),
                "environments": {name: self.new_id("en") for name in environments},
                **{name: {} for name in ("apps", "definitions", "functions", "images", "image_names", "secrets")},
                **{name: {} for name in ("dicts", "files", "mounts", "ports")},
            }
            self.write()

    def __getitem__(self, collection: str) -> dict:
        return self.data[collection]

    def new_id(self, prefix: str) -> str:
        """An id of Modal's form: the CLI tells an app's id from its name by it."""
        return f"{prefix}-" + "".join(secrets.choice(LETTERS) for _ in range(22))

    def now(self) -> float:
        """The time, never twice the same: lists are paged by it."""
        self._last_time = max(time.time(), self._last_time + 1e-5)
        return self._last_time

    def keyed_hash(self, value: str) -> str:
        key = bytes.fromhex(self.data["hash_key"])
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()

    def changed(self) -> None:
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_later(0.25, self.write)

    def write(self) -> None:
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        new = self.file.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump(self.data, stream)
        new.replace(self.file)
