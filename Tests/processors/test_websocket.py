"""The subprotocol theory.run.v1 as the two WebSocket processors speak it."""

import asyncio
import json

import pytest
from conftest import payload, run_open
from websockets.exceptions import ConnectionClosedError, InvalidStatus

PARAMS = {"prompt": "Say hello."}


def close_code(processor, *messages):
    async def exchange():
        async with processor.connected() as connection:
            for message in messages:
                await connection.send(message)
            with pytest.raises(ConnectionClosedError) as closed:
                await asyncio.wait_for(connection.recv(), 5)
            return closed.value.rcvd.code

    return asyncio.run(exchange())


@pytest.mark.parametrize("offered", [None, ["other.v1"]])
def test_a_client_without_the_subprotocol_is_refused(llm, offered):
    async def exchange():
        with pytest.raises(InvalidStatus) as refused:
            async with llm.connected(subprotocols=offered):
                pass
        return refused.value.response.status_code

    assert asyncio.run(exchange()) == 400


def test_the_subprotocol_is_selected_among_others(llm):
    async def exchange():
        async with llm.connected(subprotocols=["other.v1", "theory.run.v1"]) as connection:
            return connection.subprotocol

    assert asyncio.run(exchange()) == "theory.run.v1"


@pytest.mark.parametrize(
    "first",
    ["no json", b"\x00", "[]", '"RunOpen"', json.dumps({"kind": "Ack", "content": {}}), '{"kind":"RunOpen"}',
     run_open(payload(PARAMS), role="server"), run_open(payload(PARAMS), start=False),
     run_open(payload(PARAMS), execution_id="E2"), run_open(payload(PARAMS), payload=None), "[" * 100_000],
)  # fmt: skip
def test_a_wrong_first_frame_closes_with_1002(llm, first):
    assert close_code(llm, first) == 1002


def test_a_run_is_acknowledged_streams_and_ends_with_its_result(llm):
    envelope, frames = llm.run(payload(PARAMS))
    kinds = [frame["kind"] for frame in frames]
    assert kinds[0] == "Ack" and frames[0]["content"] == {"execution_id": "E1"}
    assert kinds[-1] == "RunResult" and set(kinds[1:-1]) == {"Event", "Token"}
    assert [frame["content"]["phase"] for frame in frames if frame["kind"] == "Event"] == ["started", "finished"]
    assert envelope["status"] == "success"


def test_the_client_closes_and_the_server_agrees(llm):
    async def exchange():
        async with llm.connected() as connection:
            await connection.send(run_open(payload(PARAMS)))
            while json.loads(await connection.recv())["kind"] != "RunResult":
                pass
            await connection.close(1000)
            return connection.close_code

    assert asyncio.run(exchange()) == 1000


def test_a_client_that_leaves_ends_its_run_alone(llm):
    slow = payload({"prompt": "word " * 30, "token_delay_ms": 200})

    async def exchange():
        async with llm.connected() as leaving:
            await leaving.send(run_open(slow))
            await leaving.recv()
        return (await llm.run_async(payload(PARAMS)))[0]

    assert asyncio.run(exchange())["status"] == "success"


def test_tokens_arrive_while_the_run_goes_on(llm):
    async def exchange():
        loop = asyncio.get_running_loop()
        times = []
        async with llm.connected() as connection:
            await connection.send(run_open(payload({"prompt": "a b c d", "token_delay_ms": 50})))
            while True:
                frame = json.loads(await connection.recv())
                if frame["kind"] == "Token":
                    times.append(loop.time())
                elif frame["kind"] == "RunResult":
                    return times

    times = asyncio.run(exchange())
    assert len(times) > 5 and times[-1] - times[0] > 0.05 * (len(times) - 2)


def test_sigterm_ends_within_a_second_in_the_middle_of_a_run(start):
    processor = start("llm_litellm")

    async def exchange():
        async with processor.connected() as connection:
            await connection.send(run_open(payload({"prompt": "word " * 50, "token_delay_ms": 1000})))
            await connection.recv()
            return await asyncio.to_thread(processor.end)

    seconds, code, _ = asyncio.run(exchange())
    assert seconds < 1 and code == 0
