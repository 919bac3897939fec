"""Names are synced, values are rotated, and no value is found anywhere but where it has to be."""

import pathlib
import threading
import time

import pytest
from conftest import CANARY, deployment


def hashes(plane, name, environment="dev"):
    secrets = plane.state()["secrets"].values()
    return next(each["hashes"] for each in secrets if (each["name"], each["environment"]) == (name, environment))


def sync(driver, environment="dev", **values):
    return driver.call("sync_secrets", environment=environment, secrets=values)["secrets"]


def test_a_changed_value_is_rotated_and_an_unchanged_one_is_not_touched(plane, driver):
    assert sync(driver, ROTATING="one", RESTING="same") == {"ROTATING": "created", "RESTING": "created"}
    before = hashes(plane, "ROTATING")
    plane.clear()
    assert sync(driver, ROTATING="two", RESTING="same") == {"ROTATING": "rotated", "RESTING": "unchanged"}
    assert hashes(plane, "ROTATING") != before
    assert plane.calls()["SecretUpdate"] == 1
    assert sync(driver, ROTATING="one") == {"ROTATING": "rotated"}
    assert hashes(plane, "ROTATING") == before


def test_the_real_command_line_sees_the_names(plane, driver):
    sync(driver, SEEN_BY_CLI="x")
    assert "SEEN_BY_CLI" in [row["name"] for row in plane.cli("secret", "list", "--env", "dev", "--json")]


def test_what_was_made_by_hand_is_rotated_to_the_wanted_value(plane, driver):
    plane.cli("secret", "create", "--env", "dev", "BY_HAND", "BY_HAND=other")
    assert "BY_HAND" in driver.call("secret_names", environment="dev")["secrets"]
    by_hand = hashes(plane, "BY_HAND")
    assert sync(driver, BY_HAND="wanted") == {"BY_HAND": "rotated"}
    assert hashes(plane, "BY_HAND") != by_hand


def test_a_secret_that_was_deleted_and_made_anew_by_hand_is_written_again(plane, driver):
    sync(driver, ANEW="value")
    wanted = hashes(plane, "ANEW")
    plane.cli("secret", "delete", "--env", "dev", "--yes", "ANEW")
    plane.cli("secret", "create", "--env", "dev", "ANEW", "ANEW=other")
    assert sync(driver, ANEW="value") == {"ANEW": "rotated"}
    assert hashes(plane, "ANEW") == wanted


def test_a_check_writes_nothing(plane, driver):
    sync(driver, CHECKED="one")
    plane.clear()
    wanted = {"CHECKED": "two", "UNCHECKED": "x"}
    outcome = driver.call("sync_secrets", environment="dev", secrets=wanted, check=True)["secrets"]
    assert outcome == {"CHECKED": "rotated", "UNCHECKED": "created"}
    fresh = driver.call("sync_secrets", environment="staging", secrets={"FRESH": "x"}, check=True)["secrets"]
    assert fresh == {"FRESH": "created"}
    # A name that is only looked up is a SecretGetOrCreate as well: none of any kind is needed for a check.
    assert not {"SecretUpdate", "SecretGetOrCreate", "DictUpdate"} & set(plane.calls())


def test_each_environment_has_a_key_of_its_own(plane, driver):
    sync(driver, "dev", EVERYWHERE="same")
    sync(driver, "main", EVERYWHERE="same")
    entries = [each["entries"] for each in plane.state()["dicts"].values() if each["environment"] in ("dev", "main")]
    assert len(entries) == 2
    keys = [set(each.values()) for each in entries]
    assert not keys[0] & keys[1]


def stale(driver, app):
    return driver.call("audit", environment="dev", apps=[app])["apps"][0]["stale_secrets"]


def test_an_app_is_stale_from_a_rotation_to_its_next_version(driver):
    sync(driver, STALE="one", FRESH="one")
    driver.call("deploy", **deployment("stale", secrets=["STALE", "FRESH"]))
    driver.call("deploy", **deployment("not-stale", secrets=["FRESH"]))
    assert stale(driver, "stale-v1") == []
    sync(driver, STALE="two")
    assert (stale(driver, "stale-v1"), stale(driver, "not-stale-v1")) == (["STALE"], [])
    assert sync(driver, STALE="two") == {"STALE": "unchanged"}
    assert stale(driver, "stale-v1") == ["STALE"]
    driver.call("rollover", environment="dev", app="stale-v1")
    assert stale(driver, "stale-v1") == []
    sync(driver, STALE="three", FRESH="two")
    assert (stale(driver, "stale-v1"), stale(driver, "not-stale-v1")) == (["FRESH", "STALE"], ["FRESH"])
    driver.call("deploy", **deployment("stale", secrets=["STALE", "FRESH"], spec="2" * 40))
    assert stale(driver, "stale-v1") == []


def test_an_app_that_was_stopped_and_deployed_anew_is_not_stale(driver):
    """Its versions count from 1 again."""
    sync(driver, ANEW_STALE="one")
    driver.call("deploy", **deployment("anew", secrets=["ANEW_STALE"]))
    sync(driver, ANEW_STALE="two")
    driver.call("stop", environment="dev", app="anew-v1")
    assert driver.call("deploy", **deployment("anew", secrets=["ANEW_STALE"]))["version"] == 1
    assert stale(driver, "anew-v1") == []


@pytest.mark.parametrize("rpc", ["AppList", "FunctionGet"])
def test_a_rotation_that_is_cut_off_is_made_up_for_by_the_next_sync(plane, driver, rpc):
    """The value is there, and what tells of it is not."""
    name, app = f"CUT_{rpc.upper()}", f"cut-{rpc.lower()}"
    sync(driver, **{name: "one"})
    driver.call("deploy", **deployment(app, secrets=[name]))
    before = hashes(plane, name)
    plane.fail(rpc, "denied", times=-1)
    driver.error("sync_secrets", environment="dev", secrets={name: "two"})
    assert hashes(plane, name) != before
    plane.clear()
    assert sync(driver, **{name: "two"}) == {name: "rotated"}
    assert stale(driver, f"{app}-v1") == [name]


def test_only_what_is_named_is_pruned(driver):
    sync(driver, PRUNED="x", KEPT="x")
    outcome = driver.call("prune_secrets", environment="dev", names=["PRUNED", "NEVER_THERE"])["secrets"]
    assert outcome == {"PRUNED": "deleted", "NEVER_THERE": "absent"}
    names = driver.call("secret_names", environment="dev")["secrets"]
    assert "KEPT" in names and "PRUNED" not in names
    assert sync(driver, PRUNED="x") == {"PRUNED": "created"}


def arguments_of_all_processes(until):
    """Every argument list that is seen on this machine while something runs."""
    seen = set()
    while not until.is_set():
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                seen.add((process / "cmdline").read_bytes())
            except OSError:
                continue
        time.sleep(0.01)
    return seen


def test_no_value_is_left_anywhere(tmp_path, new_plane, new_driver):
    """Not in answers, errors, files or argument lists, also when Modal repeats it or the driver is killed."""
    plane = new_plane()
    ended, seen = threading.Event(), []
    watcher = threading.Thread(target=lambda: seen.append(arguments_of_all_processes(ended)), daemon=True)
    watcher.start()
    driver = new_driver(plane.environment)
    long_name = {"A" * 65: CANARY}
    assert sync(driver, LEAK=CANARY) == {"LEAK": "created"}
    assert sync(driver, LEAK=CANARY + "2") == {"LEAK": "rotated"}
    assert driver.error("sync_secrets", environment="dev", secrets=long_name)["code"] == "ERR_MODAL"
    assert driver.error("sync_secrets", environment="dev", secrets={"LEAK": [CANARY]})["code"] == "ERR_MODAL"
    driver.raw('{"id": "x", "op": "sync_secrets", "secrets": {"LEAK": "' + CANARY + '"}')
    assert driver.answer(None)["error"]["code"] == "ERR_MODAL"
    plane.fail("SecretUpdate", "denied", message=f"the value {CANARY}3 is refused")
    refused = driver.error("sync_secrets", environment="dev", secrets={"LEAK": CANARY + "3"})
    assert "[secret]" in refused["message"]
    key = f"-----BEGIN KEY-----\n{CANARY}\n{CANARY}=\n-----END KEY-----\n"
    plane.fail("SecretUpdate", "denied", message=f"the value {key!r}, which is {key}, is refused")
    driver.error("sync_secrets", environment="dev", secrets={"LEAK": key})
    plane.fail("SecretUpdate", "slow", seconds=30)
    driver.send("sync_secrets", environment="dev", secrets={"LEAK": CANARY + "4"})
    time.sleep(0.5)
    driver.process.kill()
    driver.process.wait()
    plane.end()
    ended.set()
    watcher.join()
    assert CANARY not in driver.said()
    plane.errors.seek(0)
    assert CANARY not in plane.errors.read()
    assert any(b"driver.py" in arguments for arguments in seen[0])
    assert not any(CANARY.encode() in arguments for arguments in seen[0])
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file
