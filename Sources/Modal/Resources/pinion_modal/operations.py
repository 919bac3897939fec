"""The operations of the protocol: each takes the request's fields and gives the fields of the answer."""

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable
from typing import Any

import cli
import modal
from deploying import bind, deploy
from failure import Failure
from modal.config import config
from modal_app import Deployment
from observing import audit, bound_image_id, described, environment_exists, find_app, find_function
from secret_store import SecretStore

WANTED_SDK = "1.6.4"
Request = dict[str, Any]


def field(request: Request, name: str, kind: type | tuple[type, ...] = str) -> Any:
    if name not in request:
        raise Failure("ERR_MODAL", f"the request lacks {name!r}")
    if not isinstance(request[name], kind):
        raise Failure("ERR_MODAL", f"{name!r} of the request is of the wrong type")
    return request[name]


async def op_doctor(request: Request) -> Request:
    """Versions, server, whether there is a token, and the environments, of which a wanted one must be there."""
    environments = sorted(each.name or "" for each in await modal.Environment.objects.list.aio())
    return {
        "python": platform.python_version(),
        "sdk": modal.__version__,
        "wanted_sdk": WANTED_SDK,
        "server": config["server_url"],
        "has_token": bool(config["token_id"] and config["token_secret"]),
        "environments": environments,
        "environment_exists": request["environment"] in environments if "environment" in request else None,
    }


def deployment_of(request: Request) -> Deployment:
    fields = {name: value for name, value in request.items() if name not in ("environment", "force")}
    try:
        return Deployment.read(fields)
    except ValueError as error:
        by_tag = "by digest" in str(error)
        raise Failure("ERR_IMAGE_UNPINNED" if by_tag else "ERR_MODAL", str(error)) from error


async def op_deploy(request: Request) -> Request:
    deployment = deployment_of(request)
    return await deploy(field(request, "environment"), deployment, force=request.get("force", False))


async def op_bind(request: Request) -> Request:
    return await bind(field(request, "environment"), deployment_of(request))


async def op_lookup(request: Request) -> Request:
    """Where a function answers. The URL is read, never computed: Modal shortens and hashes long ones."""
    environment, name, function = (field(request, key) for key in ("environment", "app", "function"))
    await environment_exists(environment)
    app = await find_app(environment, name)
    found = await find_function(environment, name, function) if app is not None else None
    if app is None or found is None:
        what = f"function {function} in app {name}" if app is not None else f"app {name}"
        raise Failure("ERR_FUNCTION_NOT_FOUND", f"there is no {what} in the environment {environment}")
    secrets = await SecretStore(environment).ids() if found[1].secrets else {}
    facts = described(function, found[1], {secret.object_id: name for name, secret in secrets.items()})
    if facts["url"] is None:
        raise Failure("ERR_FUNCTION_NOT_FOUND", f"{function} in app {name} has no web endpoint")
    info, tags = await asyncio.gather(app.info.aio(), app.get_tags.aio())
    digest = tags.get("digest-0", "") + tags.get("digest-1", "")
    kept = {key: facts[key] for key in ("function", "url", "requires_proxy_auth", "image_id", "secrets")}
    return {
        **{"app": name, "app_id": app.app_id, "version": info.lifecycle.version, **kept},
        "digest": digest if len(digest) == 64 else None,
        "bound_image_id": await bound_image_id(environment, app, function, digest) if len(digest) == 64 else None,
    }


async def op_audit(request: Request) -> Request:
    environment = field(request, "environment")
    await environment_exists(environment)
    store = SecretStore(environment)
    secrets, stale = await asyncio.gather(store.ids(), store.stale())
    names = field(request, "apps", list) if "apps" in request else None
    return {**await audit(environment, names, secrets, stale), "secrets": sorted(secrets)}


async def op_stop(request: Request) -> Request:
    environment, name = field(request, "environment"), field(request, "app")
    await environment_exists(environment)
    app = await find_app(environment, name)
    if app is not None:
        await app.stop.aio()
    return {"app": name, "stopped": app is not None}


async def op_history(request: Request) -> Request:
    environment, name = field(request, "environment"), field(request, "app")
    await environment_exists(environment)
    return {"app": name, "versions": await cli.history(environment, name)}


async def live_version(environment: str, name: str) -> int | None:
    app = await find_app(environment, name)
    return (await app.info.aio()).lifecycle.version if app is not None else None


async def op_rollback(request: Request) -> Request:
    """Runs an older version again, the one before by default. Tags may still tell of the newer one: audit says so."""
    environment, name = field(request, "environment"), field(request, "app")
    await environment_exists(environment)
    version = [f"v{field(request, 'version', int)}"] if "version" in request else []
    await cli.modal_cli("app", "rollback", name, *version, "--env", environment)
    return {"app": name, "version": await live_version(environment, name)}


async def op_rollover(request: Request) -> Request:
    """New containers of the same version: for a changed value of a secret, which running ones don't see."""
    environment, name = field(request, "environment"), field(request, "app")
    await environment_exists(environment)
    await cli.modal_cli("app", "rollover", name, "--env", environment)
    return {"app": name, "version": await live_version(environment, name)}


async def op_logs(request: Request) -> Request:
    """The last lines that an app's containers wrote. What a processor writes of its own accord is not struck out."""
    environment, name = field(request, "environment"), field(request, "app")
    await environment_exists(environment)
    app = await find_app(environment, name)
    if app is None:
        raise Failure("ERR_FUNCTION_NOT_FOUND", f"there is no app {name} in the environment {environment}")
    entries = [
        {"time": entry.timestamp.isoformat(), "source": entry.source, "text": entry.message}
        async for entry in app.logs.tail.aio(request.get("entries", 100))
    ]
    return {"app": name, "entries": entries}


async def op_secret_names(request: Request) -> Request:
    environment = field(request, "environment")
    await environment_exists(environment)
    return {"secrets": sorted(await SecretStore(environment).ids())}


async def op_sync_secrets(request: Request) -> Request:
    environment = field(request, "environment")
    wanted = field(request, "secrets", dict)
    await environment_exists(environment)
    return {"secrets": await SecretStore(environment).sync(wanted, check=request.get("check", False))}


async def op_prune_secrets(request: Request) -> Request:
    environment = field(request, "environment")
    await environment_exists(environment)
    return {"secrets": await SecretStore(environment).prune(field(request, "names", list))}


OPERATIONS: dict[str, Callable[[Request], Awaitable[Request]]] = {
    name.removeprefix("op_"): function for name, function in list(globals().items()) if name.startswith("op_")
}
# Seconds until an answer is given up; what builds an image takes its time.
DEADLINES = {"deploy": 600.0, "bind": 600.0, "audit": 120.0}


def secret_values(request: Request) -> set[str]:
    """All values that a request brought, and the token, to be struck out of whatever is said."""
    given = request.get("secrets") if request.get("op") == "sync_secrets" else None
    values = {os.environ.get("MODAL_TOKEN_SECRET", "")}
    for value in given.values() if isinstance(given, dict) else ():
        parts = value.values() if isinstance(value, dict) else [value]
        values |= {part for part in parts if isinstance(part, str)}
    return values
