"""The few things that the SDK's documented interface does by its command line alone: history, rollback, rollover."""

import asyncio
import json
import os
import re
import sys
from typing import Any

from failure import LOCKED, Failure

# The CLI frames its errors and breaks lines at the width of the terminal.
FRAME = re.compile("[─│╭╮╰╯━┃]+|\x1b\\[[0-9;]*m")


async def modal_cli(*arguments: str) -> str:
    """Runs `modal …`, and gives what it prints or raises what it says. Its environment is this process's."""
    environment = {**os.environ, "COLUMNS": "500", "NO_COLOR": "1"}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "modal"),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        output, errors = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        raise
    if child.returncode == 0:
        return output.decode()
    text = " ".join(FRAME.sub(" ", errors.decode(errors="replace")).split()).removeprefix("Error").lstrip(": ")
    if re.search(r"[Nn]o App with name|not found|is not deployed|is already stopped", text):
        raise Failure("ERR_FUNCTION_NOT_FOUND", text)
    if LOCKED.search(text):
        raise Failure("ERR_LEASE", text, retry=True)
    raise Failure("ERR_MODAL", text or f"modal {arguments[0]} ended with {child.returncode}")


async def history(environment: str, app: str) -> list[dict[str, Any]]:
    """The versions of an app, newest first."""
    rows = json.loads(await modal_cli("app", "history", app, "--env", environment, "--json"))
    return [
        {
            "version": int(row["version"].removeprefix("v")),
            "deployed_at": row["time_deployed"],
            "deployed_by": row["deployed_by"],
            "client": row["client"],
            "commit": row.get("commit"),
            "tag": row.get("tag"),
        }
        for row in rows
    ]
