"""Deploys one app, so that it can be tried again at any point: what is there already is left alone."""

import asyncio
from typing import Any

import modal
from failure import Failure, failure_of
from modal.exception import InvalidError, NotFoundError
from modal_app import Deployment
from observing import bound_image_id, environment_exists, find_app, find_function


async def check_secrets(environment: str, deployment: Deployment) -> None:
    """Asks for every secret before anything is made, to name all that are missing at once."""
    asked = {name: [name] for name in deployment.secrets}
    if deployment.registry_auth is not None:
        asked[deployment.registry_auth] = ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"]

    async def problem(name: str, keys: list[str]) -> str | None:
        secret = modal.Secret.from_name(name, required_keys=keys, environment_name=environment)
        try:
            await secret.hydrate.aio()
        except (NotFoundError, InvalidError) as error:
            return f"{name} ({error})"
        return None

    problems = [text for text in await asyncio.gather(*(problem(*each) for each in asked.items())) if text]
    if problems:
        message = f"{deployment.app} can't be deployed to {environment}: {'; '.join(problems)}"
        raise Failure("ERR_MISSING_SECRET", message)


async def deployed(environment: str, deployment: Deployment, image_id: str | None = None) -> dict[str, Any] | None:
    """What runs, if it is just what is wanted: tags, function, and the image that is bound (or `image_id`)."""
    app = await find_app(environment, deployment.app)
    if app is None:
        return None
    facts = await app.info.aio()
    if set(facts.functions) != {deployment.function} or dict(await app.get_tags.aio()) != deployment.tags:
        return None
    found = await find_function(environment, deployment.app, deployment.function)
    if image_id is None:
        image_id = await bound_image_id(environment, app, deployment.function, deployment.digest)
    if found is None or found[1].web_info is None or found[1].image_info.image_id != image_id:
        return None
    return {
        "app": deployment.app,
        "app_id": facts.app_id,
        "function": deployment.function,
        "version": facts.lifecycle.version,
        "image_id": image_id,
        "url": found[1].web_info.web_url,
    }


async def bind(environment: str, deployment: Deployment) -> dict[str, Any]:
    """Ties the digest to the image that runs, if that is the one which Modal makes of it. Nothing is published."""
    await environment_exists(environment)
    app = await find_app(environment, deployment.app)
    found = await find_function(environment, deployment.app, deployment.function) if app is not None else None
    if app is None or found is None:
        raise Failure("ERR_FUNCTION_NOT_FOUND", f"there is no {deployment.function} in the app {deployment.app}")
    image = deployment.modal_image()
    await image.build.aio(app)
    running = found[1].image_info.image_id
    if image.object_id == running:
        await image.publish.aio(deployment.binding, environment_name=environment)
    return {"app": deployment.app, "image_id": running, "bound": image.object_id == running}


async def was_published(environment: str, deployment: Deployment, image: modal.Image) -> bool:
    """Whether a publish that seemed to fail was done: just this image runs with just these tags."""
    # Without an id it was not built, and so not published.
    image_id = getattr(image, "object_id", None)
    return image_id is not None and await deployed(environment, deployment, image_id) is not None


async def deploy(environment: str, deployment: Deployment, *, force: bool) -> dict[str, Any]:
    """Publishes the app and binds its image. A publish whose answer was lost is looked for before it is a failure."""
    await environment_exists(environment)
    found = await deployed(environment, deployment)
    if found is not None and not force:
        return {**found, "changed": False}
    await check_secrets(environment, deployment)
    image = deployment.modal_image()
    app = deployment.modal_app(image)
    try:
        await app.deploy.aio(environment_name=environment, tag=deployment.version_tag)
    except Exception as error:
        # What looked the same before can't tell that it was published now: another try does that once more.
        if found is not None or not failure_of(error).retry or not await was_published(environment, deployment, image):
            raise
    await image.publish.aio(deployment.binding, environment_name=environment)
    found = await deployed(environment, deployment)
    if found is None:
        raise Failure("ERR_MODAL", f"{deployment.app} was deployed and is not there as it should be", retry=True)
    return {**found, "changed": True}
