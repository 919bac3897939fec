"""Environments, secrets and dicts."""

import base64

from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_pb2 as api

from .images import BUILDER
from .names import check_name, missing


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Environments:
    def environment(self, name: str) -> str:
        """The environment's name; one that does not exist is refused, and none means the default, `main`."""
        name = name or "main"
        if name not in self.state["environments"]:
            raise missing(f"Environment {name!r} not found")
        return name

    async def EnvironmentGetOrCreate(self, request):
        name = request.deployment_name or "main"
        if request.object_creation_type == api.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
            self.new_environment(name)
        name = self.environment(name)
        settings = api.EnvironmentSettings(image_builder_version=BUILDER, webhook_suffix="")
        return api.EnvironmentGetOrCreateResponse(
            environment_id=self.state["environments"][name],
            metadata=api.EnvironmentMetadata(name=name, settings=settings),
        )

    def new_environment(self, name: str) -> None:
        check_name(name, "Environment")
        self.state["environments"].setdefault(name, self.state.new_id("en"))
        self.state.changed()

    async def EnvironmentList(self, request):
        items = [
            api.EnvironmentListItem(name=name, environment_id=identity, default=name == "main")
            for name, identity in self.state["environments"].items()
        ]
        return api.EnvironmentListResponse(items=items)

    async def EnvironmentCreate(self, request):
        self.new_environment(request.name)
        return Empty()


class Secrets:
    """Secrets by id. Values stay in `self.values`, in memory, and only while containers may need them."""

    def secret(self, secret_id: str) -> dict:
        if secret_id not in self.state["secrets"]:
            raise missing(f"No secret with id {secret_id!r}")
        return self.state["secrets"][secret_id]

    def secret_named(self, name: str, environment: str) -> str | None:
        for secret_id, secret in self.state["secrets"].items():
            if secret["name"] == name and secret["environment"] == environment:
                return secret_id
        return None

    def put_values(self, secret_id: str, values: dict[str, str]) -> None:
        secret = self.state["secrets"][secret_id]
        secret["hashes"] |= {key: self.state.keyed_hash(value) for key, value in values.items()}
        secret["keys"] = sorted(secret["hashes"])
        self.values.setdefault(secret_id, {}).update(values)
        self.state.changed()

    def secret_metadata(self, secret: dict) -> api.SecretMetadata:
        return api.SecretMetadata(
            name=secret["name"],
            keys=secret["keys"],
            environment_name=secret["environment"],
            creation_info=api.CreationInfo(created_at=secret["created_at"], created_by="stand-in"),
        )

    async def SecretGetOrCreate(self, request):
        environment = self.environment(request.environment_name)
        kind = request.object_creation_type
        named = kind not in (
            api.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP,
            api.OBJECT_CREATION_TYPE_EPHEMERAL,
        )
        secret_id = self.secret_named(request.deployment_name, environment) if named else None
        if kind == api.OBJECT_CREATION_TYPE_UNSPECIFIED:
            if secret_id is None:
                raise missing(f"Secret {request.deployment_name!r} not found in environment {environment!r}")
            absent = sorted(set(request.required_keys) - set(self.secret(secret_id)["keys"]))
            if absent:
                raise missing(f"Secret {request.deployment_name!r} is missing key(s): {', '.join(absent)}")
        elif secret_id is not None and kind == api.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS:
            raise GRPCError(Status.ALREADY_EXISTS, f"Secret {request.deployment_name!r} already exists")
        elif secret_id is None or kind == api.OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS:
            if named:
                check_name(request.deployment_name, "Secret")
            secret_id = secret_id or self.state.new_id("st")
            known = self.state["secrets"].get(secret_id, {"created_at": self.state.now()})
            self.state["secrets"][secret_id] = {
                "name": request.deployment_name,
                "environment": environment,
                "created_at": known["created_at"],
                "hashes": {},
                "keys": [],
            }
            self.values[secret_id] = {}
            self.put_values(secret_id, dict(request.env_dict))
        return api.SecretGetOrCreateResponse(secret_id=secret_id, metadata=self.secret_metadata(self.secret(secret_id)))

    async def SecretGetInfo(self, request):
        return api.SecretGetInfoResponse(metadata=self.secret_metadata(self.secret(request.secret_id)))

    async def SecretUpdate(self, request):
        self.secret(request.secret_id)
        self.put_values(request.secret_id, {update.key: update.value for update in request.updates})
        return Empty()

    async def SecretDelete(self, request):
        self.secret(request.secret_id)
        del self.state["secrets"][request.secret_id]
        self.values.pop(request.secret_id, None)
        self.state.changed()
        return Empty()

    async def SecretList(self, request):
        environment = self.environment(request.environment_name)
        before = request.pagination.created_before or float("inf")
        found = [
            (secret_id, secret)
            for secret_id, secret in self.state["secrets"].items()
            if secret["environment"] == environment and secret["name"] and secret["created_at"] < before
        ]
        found.sort(key=lambda item: -item[1]["created_at"])
        items = [
            api.SecretListItem(
                label=secret["name"],
                secret_id=secret_id,
                created_at=secret["created_at"],
                environment_name=environment,
                metadata=self.secret_metadata(secret),
            )
            for secret_id, secret in found[: request.pagination.max_objects or 100]
        ]
        return api.SecretListResponse(items=items, environment_name=environment)


class Dicts:
    def dict_(self, dict_id: str) -> dict:
        if dict_id not in self.state["dicts"]:
            raise missing(f"No dict with id {dict_id!r}")
        return self.state["dicts"][dict_id]

    async def DictGetOrCreate(self, request):
        environment = self.environment(request.environment_name)
        for dict_id, known in self.state["dicts"].items():
            if (known["name"], known["environment"]) == (request.deployment_name, environment):
                break
        else:
            if request.object_creation_type == api.OBJECT_CREATION_TYPE_UNSPECIFIED:
                raise missing(f"Dict {request.deployment_name!r} not found in environment {environment!r}")
            check_name(request.deployment_name, "Dict")
            dict_id = self.state.new_id("di")
            self.state["dicts"][dict_id] = {
                "name": request.deployment_name,
                "environment": environment,
                "entries": {},
            }
            self.state.changed()
        return api.DictGetOrCreateResponse(dict_id=dict_id, metadata=api.DictMetadata(name=request.deployment_name))

    async def DictGet(self, request):
        entries = self.dict_(request.dict_id)["entries"]
        value = entries.get(encoded(request.key))
        return api.DictGetResponse(found=value is not None, value=base64.b64decode(value or ""))

    async def DictContains(self, request):
        return api.DictContainsResponse(found=encoded(request.key) in self.dict_(request.dict_id)["entries"])

    async def DictUpdate(self, request):
        entries = self.dict_(request.dict_id)["entries"]
        created = False
        for update in request.updates:
            key = encoded(update.key)
            if not (request.if_not_exists and key in entries):
                entries[key] = encoded(update.value)
                created = True
        self.state.changed()
        return api.DictUpdateResponse(created=created)

    async def DictPop(self, request):
        value = self.dict_(request.dict_id)["entries"].pop(encoded(request.key), None)
        self.state.changed()
        return api.DictPopResponse(found=value is not None, value=base64.b64decode(value or ""))

    async def DictContents(self, request):
        for key, value in list(self.dict_(request.dict_id)["entries"].items()):
            yield api.DictEntry(key=base64.b64decode(key), value=base64.b64decode(value))
