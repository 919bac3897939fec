"""Secrets of an environment: one per name, rotated when the value is another one than last time.

Modal gives no value back, so what was synced last is known by a keyed hash. Key and hashes are kept in a Modal Dict of
the environment, for all who may mount the secrets to see the same. An entry that nobody reads for seven days is dropped
by Modal: then a value counts as changed and is written again, which is harmless. A lost key has the same effect.
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
        outcomes = await asyncio.gather(
            *(self._sync(name, values, there.get(name), key, check) for name, values in parsed.items())
        )
        return dict(zip(parsed, outcomes, strict=True))

    async def _known_key(self) -> bytes:
        """The key if there is one, else nothing: a check makes neither key nor Dict."""
        existing = modal.Dict.from_name(HASHES, environment_name=self.environment)
        try:
            return bytes.fromhex(await existing.get.aio(KEY, ""))
        except NotFoundError:
            return b""

    async def _sync(
        self, name: str, values: dict[str, str], existing: modal.Secret | None, key: bytes, check: bool
    ) -> str:
        content = json.dumps([name, values], sort_keys=True).encode()
        digest = hmac.new(key, content, hashlib.sha256).hexdigest()
        if existing is None:
            outcome = "created"
        else:
            # A secret that was deleted and made anew by hand has another id: its value is not the one that was hashed.
            known = await self._dict.get.aio(name) if key else None
            outcome = "unchanged" if known == {"hash": digest, "id": existing.object_id} else "rotated"
        if check or outcome == "unchanged":
            return outcome
        if existing is None:
            # Never with allow_existing: that keeps an old value and says nothing.
            await modal.Secret.objects.create.aio(name, values, environment_name=self.environment)
            existing = modal.Secret.from_name(name, environment_name=self.environment)
            await existing.hydrate.aio()
        else:
            await existing.update.aio(values)
        # After the value, never before it: cut off in between, the next sync writes the value once more.
        await self._dict.put.aio(name, {"hash": digest, "id": existing.object_id})
        return outcome

    async def prune(self, names: list[str]) -> dict[str, str]:
        """Deletes secrets by name; of each `deleted` or `absent`."""
        there = await self.ids()
        for name in names:
            if name in there:
                await modal.Secret.objects.delete.aio(name, environment_name=self.environment, allow_missing=True)
        return {name: "deleted" if name in there else "absent" for name in names}
