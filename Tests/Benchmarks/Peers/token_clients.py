"""Runs at once, whose tokens are parsed as JSON and counted, with a client of Python's.

    token_clients.py CLIENT PORT RUNS TOKENS     prints tokens, seconds and processor seconds

CLIENT: websockets, aiohttp (WebSocket); httpx, aiohttp-events (events).
"""
import asyncio
import json
import resource
import sys
import time


def opening(number):
    payload = {"execution_id": f"run-{number}", "mode": "mock", "inputs": {}, "write_prefix": "/artifacts/bench/"}
    return {"role": "client", "execution_id": f"run-{number}", "start": True, "payload": payload}


def frames(number):
    return json.dumps({"kind": "RunOpen", "content": opening(number)})


async def with_websockets(port, number):
    from websockets.asyncio.client import connect

    count = 0
    async with connect(
        f"ws://127.0.0.1:{port}/run", subprotocols=["theory.run.v1"], compression=None, max_size=8 << 20, proxy=None
    ) as connection:
        await connection.send(frames(number))
        async for message in connection:
            frame = json.loads(message)
            if frame["kind"] == "Token":
                count += len(frame["content"]["text"]) > 0
            elif frame["kind"] == "RunResult":
                return count


async def with_aiohttp(port, number):
    import aiohttp

    count = 0
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(
            f"http://127.0.0.1:{port}/run", protocols=["theory.run.v1"], max_msg_size=8 << 20
        ) as connection:
            await connection.send_str(frames(number))
            async for message in connection:
                frame = json.loads(message.data)
                if frame["kind"] == "Token":
                    count += len(frame["content"]["text"]) > 0
                elif frame["kind"] == "RunResult":
                    return count


async def events(lines):
    """The events of a stream as (type, JSON)."""
    kind, data = "message", ""
    async for line in lines:
        if not line:
            yield kind, json.loads(data)
            kind, data = "message", ""
        elif line.startswith("data: "):
            data += line[6:]
        elif line.startswith("event: "):
            kind = line[7:]


async def counted(lines):
    count = 0
    async for kind, content in events(lines):
        if kind == "progress":
            count += len(content["text"]) > 0
        elif kind == "done":
            return count


async def with_httpx(port, number):
    import httpx

    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        async with client.stream("POST", f"http://127.0.0.1:{port}/run-stream", json=opening(number)) as answer:
            return await counted(answer.aiter_lines())


async def with_aiohttp_events(port, number):
    import aiohttp

    async def lines(content):
        async for line in content:
            yield line.rstrip(b"\n").decode()

    async with aiohttp.ClientSession() as session:
        async with session.post(f"http://127.0.0.1:{port}/run-stream", json=opening(number)) as answer:
            return await counted(lines(answer.content))


async def main():
    clients = {
        "websockets": with_websockets, "aiohttp": with_aiohttp, "httpx": with_httpx, "aiohttp-events": with_aiohttp_events,
    }
    run = clients[sys.argv[1]]
    port, runs, tokens = map(int, sys.argv[2:5])
    used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    __import__(sys.argv[1].partition("-")[0])
    start, before = time.monotonic(), used()
    counts = await asyncio.gather(*(run(port, number) for number in range(runs)))
    seconds, processor = time.monotonic() - start, used() - before
    assert counts == [tokens] * runs, counts
    print(runs * tokens, seconds, processor)


if __name__ == "__main__":
    asyncio.run(main())
