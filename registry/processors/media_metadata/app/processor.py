"""Tells title, duration and size of a media file from its header, as schema media.metadata@1 wants it."""

import asyncio
import base64
import binascii
import io
import json
import os
import pathlib

from . import formats
from .protocol import Output, RunError

REQUIRED_SECRETS = ()
OPTIONAL_SECRETS = ()


async def outputs(run, stream):
    name, source = chosen(run.params)
    if run.mode == "mock":
        found = {"format": "mock", "duration_ms": 1000, "resolution": {"width": 640, "height": 360}}
    else:
        await stream.log(f"reading {name}")
        found = await asyncio.to_thread(read, source)
    title = found.pop("title", None) or pathlib.PurePosixPath(name).stem or name
    metadata = {"title": title, **found}
    data = json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return [Output("metadata.json", data, "application/json")]


def chosen(params):
    """The file's name, and its bytes or its place below the world mount. A mock run reads neither."""

    def refuse(pointer, what):
        raise RunError("ERR_INPUTS", f"/inputs/params{pointer}: {what}")

    if ("data_base64" in params) == ("path" in params):
        refuse("", "give either data_base64 or path")
    name = params.get("filename", "untitled")
    if not isinstance(name, str) or not name:
        refuse("/filename", "a text that isn't empty")
    if "data_base64" in params:
        try:
            return name, base64.b64decode(params["data_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            refuse("/data_base64", "not base64")
    path = params["path"]
    if not isinstance(path, str) or not path.startswith(("/artifacts/", "/streams/")):
        refuse("/path", "a world path below /artifacts/ or /streams/")
    segments = path[1:].split("/")
    if any(segment in ("", ".", "..") or "\0" in segment or "\\" in segment for segment in segments):
        refuse("/path", "a world path has no empty, '.' or '..' segments")
    world = pathlib.Path(os.environ.get("WORLD_MOUNT", "/world"))
    return params.get("filename", segments[-1]), (world, world.joinpath(*segments))


def read(source):
    if isinstance(source, bytes):
        return recognised(io.BytesIO(source))
    world, place = source
    try:
        # Links are followed before the check: one that leads out of the world leads nowhere.
        if not place.resolve(strict=True).is_relative_to(world.resolve(strict=True)):
            raise RunError("ERR_INPUTS", "/inputs/params/path: leads out of the world")
        with place.open("rb") as file:
            return recognised(file)
    except OSError as error:
        raise RunError("ERR_INPUTS", f"/inputs/params/path: {error.strerror or type(error).__name__}") from error


def recognised(file):
    try:
        return formats.read(file)
    except formats.Unreadable as error:
        raise RunError("ERR_INPUTS", f"/inputs/params: {error}") from error
