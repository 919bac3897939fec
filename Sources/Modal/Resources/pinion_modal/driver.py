"""Drives Modal's SDK for Pinion: a request per line of JSON on standard input, an answer per line on standard output.

The process lives as long as its input: starting the SDK costs a second, so many apps go through one. Values of
secrets come in by the input alone. Standard output carries nothing but answers; what the SDK prints goes to standard
error.
"""

import asyncio
import json
import os
import platform
import resource
import sys
import threading
from importlib import metadata
from typing import Any, TextIO

PROTOCOL = 1
AT_ONCE = 8
CONNECT_SECONDS = 10.0


def separate_output() -> TextIO:
    """A stream for answers; whoever writes to descriptor 1 from here on writes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return answers


async def end_with_parent(parent: int) -> None:
    """Ends at once when who started this is gone: whoever takes over must not meet what is still under way here."""
    while os.getppid() == parent:
        await asyncio.sleep(0.1)
    os._exit(1)


class Driver:
    def __init__(self, answers: TextIO, sdk: str) -> None:
        self._answers = answers
        self._sdk = sdk
        self._parent = os.getppid()
        self._several = asyncio.Semaphore(AT_ONCE)
        self._connecting = asyncio.Lock()
        self._is_connected = False
        self._under_way: dict[str, asyncio.Task[None] | None] = {}

    def say(self, message: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(message, separators=(",", ":")) + "\n")
        except BrokenPipeError:
            os._exit(0)

    async def connect(self) -> None:
        """Says hello once, within a deadline of its own: the SDK by itself tries for a minute."""
        import modal
        from failure import Failure
        from modal.config import config

        async def hello() -> None:
            client = await modal.Client.from_env.aio()
            await client.hello.aio()

        async with self._connecting:
            if self._is_connected:
                return
            try:
                await asyncio.wait_for(hello(), CONNECT_SECONDS)
            except TimeoutError:
                message = f"{config['server_url']} gave no answer within {CONNECT_SECONDS:.0f} s"
                raise Failure("ERR_NETWORK", message, retry=True) from None
            self._is_connected = True

    async def answer(self, line: bytes) -> None:
        """One request, from its line to its answer. Nothing that goes wrong in it ends the driver."""
        from failure import Failure, failure_of
        from operations import secret_values

        try:
            request = json.loads(line)
            if "cancel" in request:
                if task := self._under_way.get(json.dumps(request["cancel"])):
                    task.cancel()
                return
            identity = request.pop("id")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            # The error's own text would quote the line, and with it perhaps a value.
            failure = Failure("ERR_MODAL", f"a line is no request with an id ({type(error).__name__})")
            self.say({"id": None, "error": failure.answer(set())})
            return
        values = secret_values(request)
        key = json.dumps(identity)
        self._under_way[key] = asyncio.current_task()
        try:
            self.say({"id": identity, "ok": await self.done(request)})
        except Exception as error:
            self.say({"id": identity, "error": failure_of(error).answer(values)})
        finally:
            self._under_way.pop(key, None)

    async def done(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a request's operation gives, within the request's deadline."""
        from failure import Failure
        from operations import DEADLINES, OPERATIONS, WANTED_SDK

        operation = request.pop("op", None)
        if operation not in OPERATIONS:
            raise Failure("ERR_MODAL", f"there is no operation {operation!r}")
        if self._sdk != WANTED_SDK:
            raise Failure("ERR_MODAL", f"modal {self._sdk} is installed; this driver works with {WANTED_SDK} alone")
        seconds = request.pop("deadline_s", DEADLINES.get(operation, 60.0))
        async with self._several:
            await self.connect()
            try:
                return await asyncio.wait_for(OPERATIONS[operation](request), seconds)
            except TimeoutError:
                raise Failure("ERR_NETWORK", f"{operation} was not over within {seconds:g} s", retry=True) from None

    async def run(self) -> None:
        """Reads until the input ends, then waits for what is still under way."""
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()

        def read() -> None:
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

        threading.Thread(target=read, daemon=True).start()
        async with asyncio.TaskGroup() as group:
            while (line := await lines.get()) is not None:
                group.create_task(self.answer(line))
            _orphaned = asyncio.create_task(end_with_parent(self._parent))
        # All is answered. Taking the SDK down would cost half a second of a processor that others want.
        os._exit(0)


def main() -> None:
    # The modules beside this one may lie where nothing should be written.
    sys.dont_write_bytecode = True
    # A core file would hold the values of secrets.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = separate_output()

    def refuse(message: str) -> None:
        print(json.dumps({"error": {"code": "ERR_MODAL", "message": message, "retry": False}}), file=answers)
        sys.exit(1)

    if sys.version_info < (3, 11):
        refuse(f"{sys.executable} is Python {platform.python_version()}; the driver needs 3.11 or later")
    try:
        sdk = metadata.version("modal")
    except metadata.PackageNotFoundError:
        refuse(f"the Python package modal is not installed for {sys.executable}")
    driver = Driver(answers, sdk)
    # The SDK would run git four times per deploy to tell the commit of this directory, which is not what is deployed.
    os.environ["PATH"] = "/var/empty"
    os.chdir("/")
    import operations  # noqa: F401 - so that the first request does not pay for it

    driver.say({"ready": {"protocol": PROTOCOL, "python": platform.python_version(), "sdk": sdk}})
    asyncio.run(driver.run())


if __name__ == "__main__":
    main()
