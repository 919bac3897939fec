"""Secrets of an environment: one per name, rotated when the value is another one than last time.

Modal gives no value back, so what was synced last is known by a keyed hash. Key and hashes are kept in a Modal Dict of
the environment, for all who may mount the secrets to see the same. An entry that nobody reads for seven days is dropped
by Modal: then a value counts as changed and is written again, which is harmless. A lost key has the same effect.

The entry of a secret also tells which apps mounted it at which version when its value was rotated: as long as an app is
at that version, its containers may hold the old value.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from typing import Any

import modal
from failure import Failure
from modal.exception import NotFoundError
from modal_app import NAME
from observing import mounting_apps

HASHES = "pinion-secret-hashes"
KEY = "key"


def key_values(name: str, given: Any) -> dict[str, str]:
    """The keys of one secret: a string is the value of the key that is called as the secret is."""
    values = {name: given} if isinstance(given, str) else given
    if not NAME.fullmatch(name):
        raise Failure("ERR_MODAL", f"{name!r} is no name of a secret: 1 to 64 of letters, digits, '-', '_' and '.'")
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Failure("ERR_MODAL", f"the value of {name} is neither a string nor an object of strings")
    return values


def keyed_hash(key: bytes, name: str, values: dict[str, str]) -> str:
    content = json.dumps([name, values], sort_keys=True).encode()
    return hmac.new(key, content, hashlib.sha256).hexdigest()


class SecretStore:
    def __init__(self, environment: str) -> None:
        self.environment = environment
        self._dict = modal.Dict.from_name(HASHES, environment_name=environment, create_if_missing=True)

    async def ids(self) -> dict[str, modal.Secret]:
        """The named secrets that are there."""
        found = await modal.Secret.objects.list.aio(environment_name=self.environment)
        return {secret.name: secret for secret in found if secret.name}

    async def _key(self) -> bytes:
        """The environment's key; of two who make one at the same time, the first one's."""
        await self._dict.put.aio(KEY, secrets.token_hex(32), skip_if_exists=True)
        return bytes.fromhex(await self._dict.get.aio(KEY))

    async def sync(self, wanted: dict[str, Any], *, check: bool) -> dict[str, str]:
        """Of each name `created`, `rotated` or `unchanged`; with `check` what would be, and nothing is written."""
        parsed = {name: key_values(name, given) for name, given in wanted.items()}
        there = await self.ids()
        key = await (self._known_key() if check else self._key())
        hashes = {name: keyed_hash(key, name, values) for name, values in parsed.items()}
        outcomes = await asyncio.gather(
            *(self._outcome(hashes[name], name, there.get(name), known=bool(key)) for name in parsed)
        )
        result = dict(zip(parsed, outcomes, strict=True))
        changed = [name for name, outcome in result.items() if outcome != "unchanged"]
        if check or not changed:
            return result
        secrets = await asyncio.gather(*(self._write(name, parsed[name], there.get(name)) for name in changed))
        # After the values: containers that came since may hold the old ones, and those of any later version don't.
        has_rotated = "rotated" in result.values()
        mounting = await mounting_apps(self.environment) if has_rotated else {}
        # Last of all: cut off before it, the next sync writes the value, and looks for who mounts it, once more.
        entries = {
            name: {"hash": hashes[name], "id": secret.object_id, "mounted": mounting.get(secret.object_id, {})}
            for name, secret in zip(changed, secrets, strict=True)
        }
        await asyncio.gather(*(self._dict.put.aio(name, entry) for name, entry in entries.items()))
        return result

    async def stale(self) -> dict[str, dict[str, int]]:
        """Of each rotated secret the ids of the apps that mounted it then, with their versions at the time."""
        existing = modal.Dict.from_name(HASHES, environment_name=self.environment)
        try:
            entries = {name: entry async for name, entry in existing.items.aio() if name != KEY}
        except NotFoundError:
            return {}
        return {name: entry["mounted"] for name, entry in entries.items() if entry.get("mounted")}

    async def _known_key(self) -> bytes:
        """The key if there is one, else nothing: a check makes neither key nor Dict."""
        existing = modal.Dict.from_name(HASHES, environment_name=self.environment)
        try:
            return bytes.fromhex(await existing.get.aio(KEY, ""))
        except NotFoundError:
            return b""

    async def _outcome(self, digest: str, name: str, existing: modal.Secret | None, *, known: bool) -> str:
        if existing is None:
            return "created"
        # A secret that was deleted and made anew by hand has another id: its value is not the one that was hashed.
        entry = await self._dict.get.aio(name, {}) if known else {}
        is_same = (entry.get("hash"), entry.get("id")) == (digest, existing.object_id)
        return "unchanged" if is_same else "rotated"

    async def _write(self, name: str, values: dict[str, str], existing: modal.Secret | None) -> modal.Secret:
        if existing is not None:
            await existing.update.aio(values)
            return existing
        # Never with allow_existing: that keeps an old value and says nothing.
        await modal.Secret.objects.create.aio(name, values, environment_name=self.environment)
        created = modal.Secret.from_name(name, environment_name=self.environment)
        await created.hydrate.aio()
        return created

    async def prune(self, names: list[str]) -> dict[str, str]:
        """Deletes secrets by name; of each `deleted` or `absent`."""
        there = await self.ids()
        for name in names:
            if name in there:
                await modal.Secret.objects.delete.aio(name, environment_name=self.environment, allow_missing=True)
        return {name: "deleted" if name in there else "absent" for name in names}
