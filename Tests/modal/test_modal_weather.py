"""Bad weather: each failure has its code, says whether to try again, and leaves the live version alone."""

import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from conftest import DRIVER, deployment, settings

ALWAYS = {"times": -1}


@pytest.mark.parametrize(
    ("rpc", "mode", "more", "code", "retry"),
    [
        ("AppPublish", "locked", {}, "ERR_LEASE", True),
        ("AppPublish", "internal", ALWAYS, "ERR_MODAL", True),
        ("AppPublish", "unavailable", ALWAYS, "ERR_MODAL", True),
        ("AppPublish", "close", ALWAYS, "ERR_NETWORK", True),
        ("AppPublish", "denied", {}, "ERR_MODAL", False),
        ("AppPublish", "exhausted", {}, "ERR_MODAL", True),
        ("FunctionCreate", "denied", {}, "ERR_MODAL", False),
        ("ImageJoinStreaming", "close", ALWAYS, "ERR_NETWORK", True),
        ("ImageBuild", "failed_build", {}, "ERR_IMAGE_PULL", False),
    ],
)
def test_a_failure_has_its_code_and_the_live_version_stays(plane, driver, rpc, mode, more, code, retry):
    name = f"weather-{rpc}-{mode}".lower()
    old, new = deployment(name), deployment(name, image=f"127.0.0.1:5075/acme/{name}@sha256:{'8' * 64}")
    driver.call("deploy", **old)
    live = driver.call("audit", environment="dev", apps=[old["app"]])
    plane.fail(rpc, mode, **more)
    error = driver.error("deploy", **new)
    assert (error["code"], error["retry"]) == (code, retry)
    assert len(error["message"]) > 10
    assert driver.call("audit", environment="dev", apps=[old["app"]]) == live
    plane.clear()
    assert driver.call("deploy", **new)["version"] == 2


def test_the_words_of_the_control_plane_are_kept(plane, driver):
    plane.fail("AppPublish", "denied", message="plan of the workspace does not allow it")
    assert "plan of the workspace does not allow it" in driver.error("deploy", **deployment("words"))["message"]


def test_one_short_outage_is_not_even_noticed(plane, driver):
    plane.fail("AppPublish", "unavailable")
    assert driver.call("deploy", **deployment("short"))["changed"] is True


def test_another_app_is_not_held_up_by_a_locked_one(plane, driver):
    plane.fail("AppPublish", "locked", app="locked-v1")
    sent = [driver.send("deploy", **deployment(name)) for name in ("locked", "unlocked")]
    answers = [driver.answer(each) for each in sent]
    assert answers[0]["error"]["code"] == "ERR_LEASE"
    assert answers[1]["ok"]["version"] == 1
    plane.fail("AppPublish", "denied", app="locked-v1", message="no such right on app locked-v1")
    assert driver.error("deploy", **deployment("locked"))["code"] == "ERR_MODAL"


def test_a_publish_whose_answer_was_lost_is_found_done(plane, driver):
    plane.fail("AppPublish", "lost", times=-1)
    done = driver.call("deploy", **deployment("lost"))
    assert (done["version"], done["changed"]) == (1, True)
    plane.clear()
    assert driver.call("deploy", **deployment("lost")) == {**done, "changed": False}
    assert "AppPublish" not in plane.calls()


def test_a_forced_publish_that_failed_is_not_taken_for_what_was_there_before(plane, driver):
    driver.call("deploy", **deployment("insisted"))
    plane.fail("AppPublish", "internal", **ALWAYS)
    error = driver.error("deploy", **deployment("insisted", cpu=3.0, force=True))
    assert (error["code"], error["retry"]) == ("ERR_MODAL", True)
    plane.clear()
    assert driver.call("deploy", **deployment("insisted", cpu=3.0, force=True))["changed"] is True
    audited = driver.call("audit", environment="dev", apps=["insisted-v1"])["apps"][0]["functions"][0]
    assert audited["cpu"] == 3.0


@pytest.mark.parametrize(
    ("mode", "code"),
    [("internal", "ERR_MODAL"), ("unavailable", "ERR_MODAL"), ("close", "ERR_NETWORK"), ("locked", "ERR_LEASE")],
)
def test_a_rollover_in_bad_weather_may_be_tried_again(plane, driver, mode, code):
    """It goes through the command line, which tells people what is wrong and programs nothing."""
    driver.call("deploy", **deployment("rolled"))
    plane.fail("AppRollover", mode, **ALWAYS)
    error = driver.error("rollover", environment="dev", app="rolled-v1")
    assert (error["code"], error["retry"]) == (code, True)
    plane.clear()
    plane.fail("AppRollover", "denied")
    error = driver.error("rollover", environment="dev", app="rolled-v1")
    assert (error["code"], error["retry"]) == ("ERR_MODAL", False)


def test_a_driver_that_is_killed_after_the_publish_leaves_what_can_be_taken_up(plane, driver, new_driver):
    plane.fail("ImagePublish", "slow", seconds=5)
    killed = new_driver(plane.environment)
    killed.send("deploy", **deployment("killed"))
    until = time.monotonic() + 20
    while not (plane.app("killed-v1") or {}).get("versions"):
        assert time.monotonic() < until
        time.sleep(0.02)
    killed.process.kill()
    killed.process.wait()
    plane.clear()
    done = driver.call("deploy", **deployment("killed"))
    assert (done["version"], done["changed"]) == (1, True)
    audited = driver.call("audit", environment="dev", apps=["killed-v1"])["apps"][0]["functions"][0]
    assert audited["bound_image_id"] == audited["image_id"]


def test_a_deadline_ends_what_is_slow_and_nothing_else(plane, driver):
    plane.fail("AppPublish", "slow", seconds=30, app="slow-v1")
    started = time.monotonic()
    error = driver.error("deploy", **deployment("slow"), deadline_s=1)
    assert (error["code"], error["retry"]) == ("ERR_NETWORK", True)
    assert time.monotonic() - started < 5
    assert driver.call("deploy", **deployment("quick"))["changed"] is True


def test_a_request_that_is_cancelled_is_not_answered_and_goes_no_further(plane, new_driver):
    driver = new_driver(plane.environment)
    plane.fail("FunctionCreate", "slow", seconds=2, app="cancelled-v1")
    sent = driver.send("deploy", **deployment("cancelled"))
    until = time.monotonic() + 20
    while "FunctionCreate" not in plane.calls():
        assert time.monotonic() < until
        time.sleep(0.02)
    driver.raw(f'{{"cancel": {sent}}}')
    driver.raw('{"cancel": "never sent"}')
    assert driver.call("doctor")["has_token"] is True
    assert driver.end() == 0
    assert [json.loads(line).get("id") for line in driver.lines] == [None, sent + 1]
    assert "AppPublish" not in plane.calls()


def test_a_driver_whose_parent_was_killed_goes_no_further(plane, tmp_path):
    program = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL);"
        "print(child.pid, flush=True); child.stdin.write(sys.stdin.buffer.readline()); child.stdin.flush();"
        "sys.stdin.read()"
    )
    plane.fail("FunctionCreate", "slow", seconds=600, app="orphan-v1")
    command = [sys.executable, "-c", program, str(DRIVER)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=plane.environment, **pipes) as parent:
        child = pathlib.Path(f"/proc/{int(parent.stdout.readline())}/stat")
        parent.stdin.write(json.dumps({"id": 1, "op": "deploy", **deployment("orphan")}).encode() + b"\n")
        parent.stdin.flush()
        until = time.monotonic() + 20
        while "FunctionCreate" not in plane.calls():
            assert time.monotonic() < until
            time.sleep(0.02)
        parent.kill()
    # Gone, or ended and not yet seen off by the system's first process.
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_control_plane_that_is_not_there_or_never_answers_is_given_up_by_the_drivers_own_deadline(new_driver):
    with socket.socket() as closed, socket.socket() as silent:
        for listener in (closed, silent):
            listener.bind(("127.0.0.1", 0))
        silent.listen()
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in (closed, silent)]
        token = {"MODAL_TOKEN_ID": "ak-x", "MODAL_TOKEN_SECRET": "as-x"}
        drivers = [new_driver(settings(MODAL_SERVER_URL=url, **token)) for url in urls]
        sent = [driver.send("doctor") for driver in drivers]
        errors = [driver.answer(identity)["error"] for driver, identity in zip(drivers, sent, strict=True)]
        for url, error in zip(urls, errors, strict=True):
            assert (error["code"], error["retry"]) == ("ERR_NETWORK", True)
            # The SDK by itself tries for a minute, and has other words for it.
            assert error["message"] == f"{url} gave no answer within 10 s"


def test_a_control_plane_that_comes_back_is_used_again(new_plane, new_driver):
    plane = new_plane()
    driver = new_driver(plane.environment)
    done = driver.call("deploy", **deployment("restart"))
    driver.call("sync_secrets", environment="dev", secrets={"KEPT": "x"})
    plane.end()
    error = driver.error("lookup", environment="dev", app="restart-v1", function="exec__restart__v1")
    assert (error["code"], error["retry"]) == ("ERR_NETWORK", True)
    new_plane("--port", str(plane.where["port"]))
    looked_up = driver.call("lookup", environment="dev", app="restart-v1", function="exec__restart__v1")
    assert looked_up["url"] == done["url"]
    unchanged = driver.call("sync_secrets", environment="dev", secrets={"KEPT": "x"})["secrets"]
    assert unchanged == {"KEPT": "unchanged"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(done["url"], timeout=10)
    assert refused.value.code == 401


@pytest.mark.parametrize("token", [{}, {"MODAL_TOKEN_ID": "ak-wrong", "MODAL_TOKEN_SECRET": "as-wrong"}])
def test_a_token_that_is_missing_or_wrong_is_said_and_not_tried_again(plane, new_driver, token):
    driver = new_driver(settings(MODAL_SERVER_URL=plane.where["url"], **token))
    error = driver.error("doctor")
    assert (error["code"], error["retry"], error["cause"]) == ("ERR_MODAL", False, "credentials")
    assert "token" in error["message"].lower()
    assert "as-wrong" not in driver.said()


def test_a_line_that_is_no_request_ends_nothing(driver):
    for line in ("", "nonsense", "[]", '{"op": "doctor"}'):
        driver.raw(line)
        assert driver.answer(None)["error"]["code"] == "ERR_MODAL"
    assert "no operation" in driver.error("dance")["message"]
    assert "'environment'" in driver.error("audit")["message"]
    assert driver.call("doctor", environment="nowhere")["environment_exists"] is False


def test_a_python_without_the_sdk_says_so(tmp_path):
    bare = [sys.executable, "-S", str(DRIVER)]
    done = subprocess.run(bare, env=settings(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "the Python package modal is not installed" in done.stdout


def test_another_version_of_the_sdk_is_refused(plane, tmp_path, new_driver):
    metadata = tmp_path / "packages" / "modal-1.7.0.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: modal\nVersion: 1.7.0\n")
    driver = new_driver({**plane.environment, "PYTHONPATH": str(tmp_path / "packages")})
    assert driver.first["ready"]["sdk"] == "1.7.0"
    error = driver.error("doctor")
    assert (error["code"], error["retry"]) == ("ERR_MODAL", False)
    assert "1.7.0" in error["message"] and "1.6.4" in error["message"]
