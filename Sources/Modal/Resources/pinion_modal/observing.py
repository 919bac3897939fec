"""What is deployed, as far as Modal lets it be read."""

import asyncio
import datetime
from typing import Any

import modal
from failure import Failure
from modal.exception import NotFoundError


async def environment_exists(name: str) -> modal.Environment:
    """The environment. Without this look Modal would take an empty name for its default."""
    if not name:
        raise Failure("ERR_MODAL", "no environment is named")
    environment = modal.Environment.from_name(name)
    try:
        await environment.hydrate.aio()
    except NotFoundError as error:
        raise Failure("ERR_MODAL", f"Modal has no environment {name!r}: {error}") from error
    return environment


async def find_app(environment: str, name: str) -> modal.App | None:
    """The deployed app of that name."""
    try:
        return await modal.App.lookup.aio(name, environment_name=environment)
    except NotFoundError:
        return None


async def find_function(environment: str, app: str, function: str) -> tuple[modal.Function, Any] | None:
    """A function's handle and the SDK's FunctionInfo, or nothing when the app has no such function.

    Nor for what a class of somebody's app is listed as, `Model.*`: the SDK refuses to look that up as a function.
    """
    if "." in function:
        return None
    handle = modal.Function.from_name(app, function, environment_name=environment)
    try:
        return handle, await handle.info.aio()
    except NotFoundError:
        return None


async def bound_image_id(environment: str, app: modal.App, function: str, digest: str) -> str | None:
    """The id of the named image that binds a digest to a function, or nothing when nobody bound it."""
    image = modal.Image.from_name(f"{function}:{digest}", environment_name=environment)
    try:
        await image.build.aio(app)
    except NotFoundError:
        return None
    return image.object_id


def described(name: str, info: Any, secret_names: dict[str, str]) -> dict[str, Any]:
    """A function as JSON. Secrets by name; one that was deleted since is told by its id."""
    return {
        "function": name,
        "image_id": info.image_info.image_id,
        "cpu": info.cpu,
        "memory_mb": info.memory_mib,
        "gpu": [f"{kind}:{count}" if count > 1 else kind for kind, count in info.gpus],
        "timeout_s": info.timeout,
        "max_inputs": info.concurrency_info.max_inputs if info.concurrency_info else None,
        "secrets": sorted(secret_names.get(identity, identity) for identity in info.secrets),
        "url": info.web_info.web_url if info.web_info else None,
        "requires_proxy_auth": not info.web_info.unauthenticated if info.web_info else None,
    }


async def scaling(handle: modal.Function) -> dict[str, Any]:
    """What the autoscaler does now, hand-made overrides included."""
    settings = await handle.autoscaler.settings.aio()
    return {
        "min_containers": settings.min_containers,
        "max_containers": settings.max_containers,
        "buffer_containers": settings.buffer_containers,
        "scaledown_window_s": settings.scaledown_window,
    }


async def observed(environment: str, app: modal.App, secret_names: dict[str, str]) -> dict[str, Any]:
    """One app with its tags and functions, and of each function the image id that is bound to the tagged digest."""
    info = await app.info.aio()
    name = app.name or info.description
    tags = dict(await app.get_tags.aio())
    digest = tags.get("digest-0", "") + tags.get("digest-1", "")
    functions = []
    for function in sorted(info.functions):
        found = await find_function(environment, name, function)
        # Gone since the list was read: the app is about to be reported without it, as it is.
        if found is None:
            continue
        handle, function_facts = found
        is_digest = len(digest) == 64
        bound = await bound_image_id(environment, app, function, digest) if is_digest else None
        facts = described(function, function_facts, secret_names)
        functions.append({**facts, "bound_image_id": bound, **await scaling(handle)})
    deployed_at = info.lifecycle.deployed_at and info.lifecycle.deployed_at.astimezone(datetime.timezone.utc)
    return {
        "app": name,
        "app_id": info.app_id,
        "state": info.lifecycle.state.value,
        "version": info.lifecycle.version,
        "deployed_at": deployed_at.strftime("%Y-%m-%dT%H:%M:%SZ") if deployed_at else None,
        "deployed_by": info.lifecycle.deployed_by,
        "tags": tags,
        "functions": functions,
    }


async def deployed_apps(environment: str) -> dict[str, modal.App]:
    """All deployed apps of an environment by name."""
    apps = {}
    for app in await (await environment_exists(environment)).apps.list.aio():
        info = await app.info.aio()
        if info.lifecycle.state.value == "deployed":
            apps[app.name or info.description] = app
    return apps


async def mounting_apps(environment: str) -> dict[str, dict[str, int]]:
    """Of each mounted secret, by its id, the ids of the apps that mount it, with their versions."""
    several = asyncio.Semaphore(32)
    mounting: dict[str, dict[str, int]] = {}

    async def look(name: str, app: modal.App) -> None:
        async with several:
            info = await app.info.aio()
            for function in info.functions:
                found = await find_function(environment, name, function)
                for secret in found[1].secrets if found is not None else ():
                    mounting.setdefault(secret, {})[info.app_id] = info.lifecycle.version

    await asyncio.gather(*(look(*each) for each in (await deployed_apps(environment)).items()))
    return mounting


async def audit(
    environment: str, names: list[str] | None, secrets: dict[str, modal.Secret], stale: dict[str, dict[str, int]]
) -> dict[str, Any]:
    """All deployed apps of an environment, or those that are named; a name that is not there is in `absent`."""
    apps = await deployed_apps(environment)
    wanted = sorted(apps) if names is None else names
    secret_names = {secret.object_id: name for name, secret in secrets.items()}
    several = asyncio.Semaphore(32)

    async def look(app: modal.App) -> dict[str, Any]:
        async with several:
            facts = await observed(environment, app, secret_names)
            rotated = [name for name, apps in stale.items() if apps.get(facts["app_id"]) == facts["version"]]
            return {**facts, "stale_secrets": sorted(name for name in rotated if name in secrets)}

    found = await asyncio.gather(*(look(apps[name]) for name in wanted if name in apps))
    return {"apps": found, "absent": [name for name in wanted if name not in apps]}
