"""Deploys through the driver, seen by the real SDK's command line, and changes by hand, seen by the driver."""

import json
import subprocess
import sys

import pytest
from conftest import MODULES, deployment


def audited(driver, app, environment="dev"):
    found = driver.call("audit", environment=environment, apps=[app])
    assert found["absent"] == []
    return found["apps"][0]


def test_the_first_line_says_protocol_and_versions(driver):
    assert driver.first["ready"]["protocol"] == 1
    assert driver.first["ready"]["sdk"] == "1.6.4"


def test_a_deployed_app_is_seen_by_the_real_command_line(plane, driver):
    done = driver.call("deploy", **deployment("seen"))
    assert (done["version"], done["changed"]) == (1, True)
    listed = {row["description"]: row for row in plane.cli("app", "list", "--env", "dev", "--json")}
    assert (listed["seen-v1"]["state"], listed["seen-v1"]["app_id"]) == ("deployed", done["app_id"])
    versions = plane.cli("app", "history", "seen-v1", "--env", "dev", "--json")
    assert [(row["version"], row["tag"]) for row in versions] == [("v1", "sha256-" + "5" * 40)]


def test_a_deployed_function_is_what_was_asked_for(plane, driver):
    driver.call("sync_secrets", environment="dev", secrets={"WHOLE_KEY": "x"})
    scaling = {"min_containers": 1, "max_containers": 4, "buffer_containers": 2, "scaledown_window_s": 90}
    resources = {"cpu": 1.5, "memory_mb": 2048, "gpu": "A100", "timeout_s": 600}
    wanted = {**scaling, **resources, "max_inputs": 8, "secrets": ["WHOLE_KEY"]}
    done = driver.call("deploy", **deployment("whole", port=9000, **wanted))
    app = audited(driver, "whole-v1")
    expected = {"digest-0": "5" * 32, "digest-1": "5" * 32, "spec": "1" * 40, "managed-by": "pinion"}
    assert app["tags"] == expected
    function = app["functions"][0]
    assert function["function"] == "exec__whole__v1"
    assert function["image_id"] == function["bound_image_id"] == done["image_id"]
    assert {name: function[name] for name in wanted} == {**wanted, "gpu": ["A100"]}
    assert function["requires_proxy_auth"] is True
    looked_up = driver.call("lookup", environment="dev", app="whole-v1", function="exec__whole__v1")
    assert looked_up["url"] == function["url"] == done["url"]
    assert looked_up["digest"] == "5" * 64
    assert looked_up["image_id"] == looked_up["bound_image_id"] == done["image_id"]
    assert looked_up["secrets"] == ["WHOLE_KEY"]
    image = plane.state()["images"][done["image_id"]]
    assert image["from"] == deployment("whole")["image"]
    assert image["commands"][-1] == "ENTRYPOINT []"
    assert image["environment"]["IMAGE_DIGEST"] == "sha256:" + "5" * 64


def test_branch_and_user_are_tags_where_they_are_given(driver):
    driver.call("deploy", **deployment("own", branch="feature-x", user="ada.l"))
    tags = audited(driver, "own-v1")["tags"]
    assert (tags["branch"], tags["user"]) == ("feature-x", "ada.l")
    refused = driver.error("deploy", **deployment("own", branch="feature/x", user="ada"))
    assert "'feature/x' is no tag for Modal" in refused["message"]


def test_what_is_unchanged_is_not_deployed_again(plane, driver):
    first = driver.call("deploy", **deployment("same"))
    plane.clear()
    assert driver.call("deploy", **deployment("same")) == {**first, "changed": False}
    assert not {"AppPublish", "FunctionCreate", "AppCreate"} & set(plane.calls())
    changed = driver.call("deploy", **deployment("same", spec="2" * 40, cpu=2))
    assert (changed["version"], changed["changed"]) == (2, True)
    assert changed["image_id"] == first["image_id"]


def test_a_forced_deploy_of_what_is_there_reaches_modal(plane, driver):
    driver.call("deploy", **deployment("forced"))
    plane.clear()
    assert driver.call("deploy", **deployment("forced", force=True))["changed"] is True
    assert plane.calls()["AppPublish"] == 1


def test_many_apps_go_at_once(plane, driver):
    plane.fail("AppPublish", "slow", seconds=0.2, times=-1)
    sent = [driver.send("deploy", **deployment(f"many-{number}")) for number in range(16)]
    assert all(driver.answer(each)["ok"]["changed"] for each in sent)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"image": "ghcr.io/acme/x:latest"}, "ERR_IMAGE_UNPINNED"),
        ({"image": "ghcr.io/acme/x:v1@sha256:pending"}, "ERR_IMAGE_UNPINNED"),
        ({"app": "a" * 65}, "ERR_MODAL"),
        ({"function": "exec/x"}, "ERR_MODAL"),
        ({"spec": "s" * 64}, "ERR_MODAL"),
        ({"command": []}, "ERR_MODAL"),
        ({"memroy_mb": 5}, "ERR_MODAL"),
        ({"environment": "nowhere"}, "ERR_MODAL"),
        ({"environment": ""}, "ERR_MODAL"),
    ],
)
def test_what_can_not_be_deployed_is_refused_and_nothing_changes(plane, driver, change, code):
    before = plane.state()["apps"]
    error = driver.error("deploy", **{**deployment("refused"), **change})
    assert (error["code"], error["retry"]) == (code, False)
    assert plane.state()["apps"] == before


def test_every_missing_secret_is_named_and_nothing_changes(plane, driver):
    fields = deployment("lacking", secrets=["LACKING_A", "LACKING_B"], registry_auth="LACKING_AUTH")
    error = driver.error("deploy", **fields)
    assert error["code"] == "ERR_MISSING_SECRET"
    assert all(name in error["message"] for name in ("LACKING_A", "LACKING_B", "LACKING_AUTH"))
    assert plane.app("lacking-v1") is None


@pytest.mark.parametrize("keys", [["REGISTRY_USERNAME"], ["USERNAME", "PASSWORD"]])
def test_registry_credentials_with_other_keys_are_refused(driver, keys):
    name = "AUTH_" + "_".join(keys)
    driver.call("sync_secrets", environment="dev", secrets={name: dict.fromkeys(keys, "x")})
    error = driver.error("deploy", **deployment("private", registry_auth=name))
    assert error["code"] == "ERR_MISSING_SECRET"


def test_registry_credentials_go_to_the_build_and_not_to_the_function(plane, driver):
    values = {"REGISTRY_USERNAME": "u", "REGISTRY_PASSWORD": "p"}
    driver.call("sync_secrets", environment="dev", secrets={"REGISTRY_AUTH": values})
    done = driver.call("deploy", **deployment("allowed", registry_auth="REGISTRY_AUTH"))
    state = plane.state()
    assert state["secrets"][state["images"][done["image_id"]]["registry_secret"]]["name"] == "REGISTRY_AUTH"
    assert audited(driver, "allowed-v1")["functions"][0]["secrets"] == []


def test_an_image_without_python_gets_one(plane, driver):
    done = driver.call("deploy", **deployment("pythonless", add_python="3.11"))
    images = plane.state()["images"]
    bottom = images[images[images[done["image_id"]]["bases"][0]]["bases"][0]]
    assert bottom["commands"][:2] == [f"FROM {deployment('pythonless')['image']}", "COPY /python/. /usr/local"]


def test_one_digest_in_two_apps_has_one_image(driver):
    """Apps of two people in one environment share the binding's name, so they have to share the image."""
    one = driver.call("deploy", **deployment("shared"))
    other = driver.call("deploy", **deployment("shared", app="other-shared-v1", spec="9" * 40, cpu=2))
    assert one["image_id"] == other["image_id"]


def test_lookup_of_what_is_not_there_is_an_error_of_its_own(driver):
    driver.call("deploy", **deployment("there"))
    for app, function in (("gone-v1", "exec__gone__v1"), ("there-v1", "exec__gone__v1")):
        error = driver.error("lookup", environment="dev", app=app, function=function)
        assert error["code"] == "ERR_FUNCTION_NOT_FOUND"
        assert "gone" in error["message"]


def test_an_app_that_was_stopped_by_hand_is_absent_and_comes_back(plane, driver):
    driver.call("deploy", **deployment("stopped"))
    plane.cli("app", "stop", "stopped-v1", "--env", "dev", "--yes")
    assert driver.call("audit", environment="dev", apps=["stopped-v1"])["absent"] == ["stopped-v1"]
    assert driver.call("deploy", **deployment("stopped"))["changed"] is True


def test_a_stop_is_seen_by_the_real_command_line_and_can_be_repeated(plane, driver):
    driver.call("deploy", **deployment("ended"))
    assert driver.call("stop", environment="dev", app="ended-v1")["stopped"] is True
    assert driver.call("stop", environment="dev", app="ended-v1")["stopped"] is False
    rows = plane.cli("app", "list", "--env", "dev", "--json")
    assert [row["state"] for row in rows if row["description"] == "ended-v1"] == ["stopped"]


def test_rollback_and_rollover_make_versions_that_history_shows(driver):
    driver.call("deploy", **deployment("back"))
    newer = f"127.0.0.1:5075/acme/back@sha256:{'6' * 64}"
    driver.call("deploy", **deployment("back", image=newer))
    assert driver.call("rollover", environment="dev", app="back-v1")["version"] == 3
    assert driver.call("rollback", environment="dev", app="back-v1", version=1)["version"] == 4
    versions = driver.call("history", environment="dev", app="back-v1")["versions"]
    tags = [(each["version"], each["tag"]) for each in versions]
    assert tags == [(number, "sha256-" + digit * 40) for number, digit in ((4, "5"), (3, "6"), (2, "6"), (1, "5"))]
    # The tags tell of the newer digest and the image is the older one: an audit can see that.
    function = audited(driver, "back-v1")["functions"][0]
    assert function["image_id"] != function["bound_image_id"]


def test_history_and_rollback_of_what_is_not_there_are_errors(driver):
    for operation in ("history", "rollback"):
        error = driver.error(operation, environment="dev", app="never-v1")
        assert (error["code"], error["retry"]) == ("ERR_FUNCTION_NOT_FOUND", False)
        assert "never-v1" in error["message"]


def test_a_hand_made_deploy_is_seen(plane, driver, tmp_path):
    driver.call("deploy", **deployment("hand"))
    (tmp_path / "by_hand.py").write_text(
        "import modal\n"
        f"image = modal.Image.from_registry({deployment('hand')['image']!r}).entrypoint([])\n"
        "app = modal.App('hand-v1')\n"
        "@app.function(image=image, name='exec__hand__v1')\n"
        "@modal.web_server(8000)\n"
        "def serve(): pass\n"
    )
    plane.cli("deploy", "--env", "dev", str(tmp_path / "by_hand.py"))
    app = audited(driver, "hand-v1")
    assert app["tags"] == {}
    assert app["functions"][0]["requires_proxy_auth"] is False
    assert driver.call("deploy", **deployment("hand"))["changed"] is True
    assert audited(driver, "hand-v1")["functions"][0]["requires_proxy_auth"] is True


def test_other_peoples_apps_are_no_obstacle(plane, driver, tmp_path):
    """Classes, schedules, ranges of resources: what Pinion never deploys may well be in its environment."""
    (tmp_path / "web.py").write_text(
        "import modal\n"
        "app = modal.App('others-web')\n"
        "@app.cls()\n"
        "class Model:\n"
        "    @modal.method()\n"
        "    def run(self): pass\n"
        "@app.function(schedule=modal.Period(days=1), cpu=(1.0, 2.0), memory=(512, 1024))\n"
        "def nightly(): pass\n"
    )
    plane.cli("deploy", "--env", "staging", str(tmp_path / "web.py"))
    apps = driver.call("audit", environment="staging")["apps"]
    assert [[each["function"] for each in app["functions"]] for app in apps] == [["nightly"]]
    driver.call("sync_secrets", environment="staging", secrets={"ANY_KEY": "1"})
    assert driver.call("sync_secrets", environment="staging", secrets={"ANY_KEY": "2"})["secrets"] == {
        "ANY_KEY": "rotated"
    }


def test_scaling_that_was_changed_by_hand_is_seen_and_a_forced_deploy_takes_it_back(plane, driver):
    """Through the SDK, in a process of its own. Tags don't tell of it, so an ordinary deploy sees nothing to do."""
    driver.call("deploy", **deployment("scaled", min_containers=1))
    program = (
        "import modal; function = modal.Function.from_name('scaled-v1', 'exec__scaled__v1', environment_name='dev');"
        "function.autoscaler.update(min_containers=7)"
    )
    subprocess.run([sys.executable, "-c", program], env=plane.environment, check=True, timeout=30)
    assert audited(driver, "scaled-v1")["functions"][0]["min_containers"] == 7
    assert driver.call("deploy", **deployment("scaled", min_containers=1))["changed"] is False
    assert driver.call("deploy", **deployment("scaled", min_containers=1, force=True))["changed"] is True
    assert audited(driver, "scaled-v1")["functions"][0]["min_containers"] == 1


def test_the_same_module_deploys_by_hand(plane, driver, tmp_path):
    """One committed module and one JSON: what `modal deploy` makes of them is what the driver makes of the request."""
    two = [deployment("by-file", cpu=2), deployment("by-file-too")]
    apps = [{name: value for name, value in each.items() if name != "environment"} for each in two]
    (tmp_path / "apps.json").write_text(json.dumps({"apps": apps}))
    options = {"PINION_MODAL_APPS": str(tmp_path / "apps.json"), "PWD": str(MODULES)}
    plane.cli("deploy", "--env", "dev", "-m", "modal_app::exec__by_file__v1", **options)
    by_hand = audited(driver, "by-file-v1")
    assert by_hand["functions"][0]["bound_image_id"] is None
    looked_up = driver.call("lookup", environment="dev", app="by-file-v1", function="exec__by_file__v1")
    assert (looked_up["digest"], looked_up["bound_image_id"]) == ("5" * 64, None)
    driver.call("deploy", **two[0])
    by_driver = audited(driver, "by-file-v1")
    assert by_driver["version"] == 1
    assert by_driver["functions"][0] == {
        **by_hand["functions"][0],
        "bound_image_id": by_driver["functions"][0]["image_id"],
    }
