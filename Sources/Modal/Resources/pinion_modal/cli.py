"""The few things that the SDK's documented interface does by its command line alone: history, rollback, rollover."""

import asyncio
import json
import os
import re
import sys
from typing import Any

from failure import Failure, failure_of


async def modal_cli(*arguments: str) -> str:
    """Runs `modal …` in a child, this file, and gives what it prints or raises what went wrong."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "500", "NO_COLOR": "1"},
    )
    try:
        output, errors = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        raise
    if child.returncode == 0:
        return output.decode()
    lines = errors.decode(errors="replace").splitlines()
    try:
        failure = Failure(**json.loads(lines[-1]))
    except (IndexError, ValueError, TypeError):
        text = " ".join(" ".join(lines).split())
        raise Failure("ERR_MODAL", text or f"modal {arguments[0]} ended with {child.returncode}") from None
    if re.search(r"[Nn]o App with name|not found|is not deployed|is already stopped", failure.message):
        failure.code = "ERR_FUNCTION_NOT_FOUND"
    raise failure


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


def main() -> None:
    """The command line, whose last word is what went wrong as the driver tells it: its own is framed text alone."""
    import modal
    from modal.cli.entry_point import entrypoint_cli

    sys.dont_write_bytecode = True
    with modal.enable_output():
        try:
            entrypoint_cli()
        except Exception as error:
            print(json.dumps(failure_of(error).answer(set())), file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
