"""Web endpoints: who is let in, and, with an engine, the deployed image that answers behind them."""

import asyncio
import http.client
import json
import os
import subprocess
import urllib.parse

import pytest
import sample_image
from conftest import CANARY, Driver, StandIn, deployment
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

real = pytest.mark.skipif(os.environ.get("PINION_REAL") != "1", reason="PINION_REAL=1 runs this on a Docker engine")


def ask(url, path, keys=None, method="GET", body=None):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, keys or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def proxy_keys(plane):
    return {"Modal-Key": plane.where["proxy"]["key"], "Modal-Secret": plane.where["proxy"]["secret"]}


def test_an_endpoint_asks_for_both_keys_unless_it_is_public(plane, driver):
    url = driver.call("deploy", **deployment("guarded"))["url"]
    keys = proxy_keys(plane)
    for wrong in ({}, {"Modal-Key": keys["Modal-Key"]}, {**keys, "Modal-Secret": "ws-wrong"}):
        assert ask(url, "/healthz", wrong)[0] == 401
    assert ask(url, "/healthz", keys)[0] == 503
    public = driver.call("deploy", **deployment("open", public=True))["url"]
    assert ask(public, "/healthz")[0] == 503


def test_the_endpoint_of_a_stopped_app_answers_no_more(plane, driver):
    url = driver.call("deploy", **deployment("quiet"))["url"]
    driver.call("stop", environment="dev", app="quiet-v1")
    assert ask(url, "/healthz", proxy_keys(plane))[0] == 404


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A stand-in with an engine, a driver, and the sample deployed with one secret."""
    folder = tmp_path_factory.mktemp("running")
    plane = StandIn(folder / "state", "--docker")
    driver = Driver(plane.environment, folder)
    image = sample_image.put(os.environ["PINION_OCI_REGISTRY"])
    driver.call("sync_secrets", environment="dev", secrets={"SAMPLE_SECRET": CANARY})
    fields = {"image": image, "command": sample_image.COMMAND, "env": sample_image.ENV, "memory_mb": 256}
    wanted = deployment("media-metadata", secrets=["SAMPLE_SECRET"], **fields)
    done = driver.call("deploy", **wanted)
    yield plane, driver, done, wanted
    driver.end()
    plane.end()
    assert containers(plane) == []


def containers(plane):
    """Ids of the containers of this stand-in."""
    labelled = ["docker", "ps", "--all", "--quiet", "--filter", f"label={plane.where['label']}"]
    done = subprocess.run(labelled, capture_output=True, text=True, check=True)
    return done.stdout.split()


def run_open(mode="mock"):
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    inputs = {"schema": "v1", "params": {"filename": "dot.png", "data_base64": dot}}
    payload = {"execution_id": "E1", "mode": mode, "inputs": inputs, "schema": "v1"}
    payload["write_prefix"] = "/artifacts/execution/E1/"
    content = {"role": "client", "execution_id": "E1", "start": True, "payload": payload}
    return json.dumps({"kind": "RunOpen", "content": content})


async def run(url, keys):
    """The last frame of a run over WebSocket."""
    address = url.replace("http://", "ws://") + "/run"
    async with connect(address, subprotocols=["theory.run.v1"], additional_headers=keys, proxy=None) as connection:
        assert connection.subprotocol == "theory.run.v1"
        await connection.send(run_open())
        while True:
            frame = json.loads(await asyncio.wait_for(connection.recv(), 30))
            if frame["kind"] == "RunResult":
                return frame["content"]


@real
def test_the_deployed_image_answers_with_the_digest_that_was_deployed(running):
    plane, _, done, wanted = running
    assert ask(done["url"], "/healthz")[0] == 401
    status, body = ask(done["url"], "/healthz", proxy_keys(plane))
    assert (status, json.loads(body)["ok"]) == (200, True)
    assert json.loads(body)["digest"] == wanted["image"].split("@")[1]


@real
def test_a_mock_run_goes_through_the_endpoint_with_the_keys_and_not_without(running):
    plane, _, done, _ = running
    envelope = asyncio.run(run(done["url"], proxy_keys(plane)))
    assert (envelope["status"], envelope["execution_id"]) == ("success", "E1")
    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(run(done["url"], {}))
    assert refused.value.response.status_code == 401


@real
def test_a_value_reaches_the_container_and_a_rotated_one_after_a_rollover(running):
    plane, driver, done, _ = running
    keys = proxy_keys(plane)

    def environment():
        assert ask(done["url"], "/healthz", keys)[0] == 200
        (container,) = containers(plane)
        inspect = ["docker", "inspect", "--format", "{{json .Config.Env}}", container]
        return container, json.loads(subprocess.run(inspect, capture_output=True, check=True).stdout)

    first, values = environment()
    assert f"SAMPLE_SECRET={CANARY}" in values
    driver.call("sync_secrets", environment="dev", secrets={"SAMPLE_SECRET": CANARY + "-new"})
    assert environment()[0] == first
    driver.call("rollover", environment="dev", app="media-metadata-v1")
    second, values = environment()
    assert second != first
    assert f"SAMPLE_SECRET={CANARY}-new" in values
    assert CANARY not in (plane.folder / "state.json").read_text()


@real
def test_an_image_that_is_not_in_its_registry_is_not_deployed(running):
    _, driver, done, wanted = running
    gone = wanted["image"].split("@")[0] + "@sha256:" + "0" * 64
    error = driver.error("deploy", **{**wanted, "image": gone})
    assert (error["code"], error["retry"]) == ("ERR_IMAGE_PULL", False)
    looked_up = driver.call("lookup", environment="dev", app=wanted["app"], function=wanted["function"])
    assert looked_up["image_id"] == done["image_id"]


SLOW = """
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0 if self.path == "/" else 1.2)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""


@real
def test_an_http_request_that_takes_long_meets_a_303_and_then_its_answer_and_is_in_the_log(running, new_plane, new_driver):
    plane = new_plane("--docker", "--http-limit", "0.5")
    driver = new_driver(plane.environment)
    image = sample_image.put(os.environ["PINION_OCI_REGISTRY"], "standin/slow", ["python3", "-c", SLOW])
    url = driver.call("deploy", **deployment("late", image=image, public=True))["url"]
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)
    path, statuses = "/late", []
    while not statuses or (statuses[-1] == 303 and len(statuses) < 20):
        connection.request("GET", path)
        answer = connection.getresponse()
        statuses.append(answer.status)
        body = answer.read()
        path = urllib.parse.urlsplit(answer.headers.get("Location", ""))._replace(scheme="", netloc="").geturl()
    assert statuses in ([303, 303, 200], [303, 200])
    assert body == b"/late"
    entries = driver.call("logs", environment="dev", app="late-v1", entries=5)["entries"]
    assert [entry["source"] for entry in entries if "GET /late" in entry["text"]] == ["stderr"]
    assert driver.error("logs", environment="dev", app="never-v1")["code"] == "ERR_FUNCTION_NOT_FOUND"


@real
def test_what_a_killed_stand_in_left_running_is_removed_by_the_next_one(running, new_plane, new_driver):
    _, _, _, wanted = running
    plane = new_plane("--docker")
    driver = new_driver(plane.environment)
    url = driver.call("deploy", **{**wanted, "secrets": []})["url"]
    assert ask(url, "/healthz", proxy_keys(plane))[0] == 200
    left = containers(plane)
    plane.process.kill()
    plane.process.wait()
    again = new_plane("--docker")
    assert (len(left), containers(again)) == (1, [])
