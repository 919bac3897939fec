"""The committed module inside a container: `serve`, run as Modal runs it, with Modal's search paths around it."""

import json
import subprocess
import sys
import time

from conftest import MODULES, deployment, settings


def test_containers_start_the_image_s_own_command(plane, driver, tmp_path):
    told = tmp_path / "told"
    script = f"import os, json; json.dump([os.getcwd(), dict(os.environ)], open({str(told)!r}, 'w'))"
    env = {"PATH": "/opt/bin:/usr/bin", "PYTHONPATH": "/site", "GREETING": "it's\nme"}
    fields = {"command": [sys.executable, "-c", script], "working_dir": str(tmp_path), "env": env}
    done = driver.call("deploy", **deployment("command", **fields))
    layers = plane.state()["images"][done["image_id"]]["environment"]
    around = {"A_SECRET": "s", "PYTHONPATH": str(MODULES), "LD_LIBRARY_PATH": "/modal"}
    inside = {**settings(), **layers, **around}
    subprocess.run([sys.executable, "-c", "import modal_app; modal_app.serve()"], env=inside, check=True, timeout=30)
    until = time.monotonic() + 10
    while not (told.exists() and told.read_text().endswith("]")):
        assert time.monotonic() < until, "the command was not started"
        time.sleep(0.02)
    directory, environment = json.loads(told.read_text())
    assert directory == str(tmp_path)
    assert (environment["PATH"], environment["PYTHONPATH"]) == ("/opt/bin:/usr/bin", "/site")
    assert environment["A_SECRET"] == "s"
    assert environment["IMAGE_DIGEST"] == "sha256:" + "5" * 64
    assert not {"LD_LIBRARY_PATH", "PINION_MODAL_START"} & set(environment)
