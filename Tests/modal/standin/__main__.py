"""`python -m standin --state DIR`: starts the stand-in and prints where it is as one line of JSON."""

import argparse
import asyncio
import json
import pathlib
import signal
import sys

from aiohttp import web
from grpclib.server import Server

from .control import control
from .engine import Engine
from .server import TOKEN_ID, TOKEN_SECRET, ControlPlane, service
from .state import State


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the control plane on loopback; 0 takes a free one")
    parser.add_argument("--state", type=pathlib.Path, required=True, help="folder of what it remembers")
    parser.add_argument("--environments", default="main,dev,staging", help="environments of a new state")
    parser.add_argument("--http-limit", type=float, default=150, help="seconds until an HTTP request meets a 303")
    parser.add_argument("--until-eof", action="store_true", help="end with standard input, and so with who started it")
    parser.add_argument("--docker", action="store_true", help="pull and run what is deployed")
    return parser.parse_args()


async def run(options: argparse.Namespace) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if options.until_eof:
        asyncio.get_running_loop().add_reader(sys.stdin, lambda: sys.stdin.buffer.read1() or ended.set())
    state = State(options.state, options.environments.split(","))
    engine = Engine(state.data["label"]) if options.docker else None
    if engine is not None:
        await engine.sweep()
    plane = ControlPlane(state, engine, options.http_limit)
    await plane.endpoints.reopen()
    server = Server([service(plane)])
    await server.start("127.0.0.1", options.port)
    port = server._server.sockets[0].getsockname()[1]
    runner = web.AppRunner(control(plane), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    where = {
        "port": port,
        "url": f"http://127.0.0.1:{port}",
        "control": f"http://127.0.0.1:{runner.addresses[0][1]}",
        "token": {"id": TOKEN_ID, "secret": TOKEN_SECRET},
        "label": f"dev.pinion.standin={state.data['label']}",
        "proxy": {"key": plane.endpoints.key, "secret": plane.endpoints.secret},
    }
    print(json.dumps(where), flush=True)
    await ended.wait()
    server.close()
    await plane.endpoints.close()
    await runner.cleanup()
    if engine is not None:
        await engine.close()
    state.write()


asyncio.run(run(arguments()))
