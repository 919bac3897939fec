"""The stand-in of Modal's control plane, the driver and the real `modal` CLI as processes, on loopback alone."""

import contextlib
import itertools
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = ROOT / "Sources" / "Modal" / "Resources" / "pinion_modal"
DRIVER = MODULES / "driver.py"
# So long and odd that it can be found wherever it leaks to.
CANARY = "canary-7f3e9b1c5d-value"
DIGEST = "5" * 64
sys.path.insert(0, str(MODULES))


def settings(**more):
    """A process environment without anything of the user's Modal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODAL_")}
    quiet = {"MODAL_CONFIG_PATH": "/nonexistent/modal.toml", "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1"}
    return {**kept, **quiet, **more}


class StandIn:
    def __init__(self, folder, *options):
        self.folder = folder
        self.errors = (folder.parent / f"{folder.name}.errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "standin", "--state", str(folder), "--until-eof", *options],
            cwd=HERE,
            env=settings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.where = json.loads(self.process.stdout.readline())

    @property
    def environment(self):
        token = self.where["token"]
        url = {"MODAL_SERVER_URL": self.where["url"]}
        return settings(**url, MODAL_TOKEN_ID=token["id"], MODAL_TOKEN_SECRET=token["secret"])

    def _control(self, path, method="GET", body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.where["control"] + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def fail(self, rpc, mode, **more):
        self._control("/fail", "POST", {"rpc": rpc, "mode": mode, **more})

    def clear(self):
        self._control("/fail", "DELETE")

    def calls(self):
        return self._control("/calls")

    def state(self):
        return self._control("/state")

    def app(self, name):
        return next((app for app in self.state()["apps"].values() if app["name"] == name), None)

    def cli(self, *arguments, **options):
        """Runs the real `modal` command; JSON of what it prints if that was asked for."""
        done = subprocess.run(
            [sys.executable, "-m", "modal", *arguments],
            env={**self.environment, "COLUMNS": "400", **options},
            cwd=options.get("PWD", "/"),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


class Driver:
    """A driver's process: requests go out at any time, answers are told apart by their id."""

    def __init__(self, environment, folder, python=(sys.executable,)):
        self.errors = (folder / f"driver-{time.monotonic_ns()}.errors").open("w+")
        self.process = subprocess.Popen(
            [*python, str(DRIVER)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.lines = []
        self._ids = itertools.count(1)
        self._answers = {}
        self._arrived = queue.SimpleQueue()
        first = self.process.stdout.readline()
        self.first = json.loads(first)
        self.lines.append(first)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._arrived.put(json.loads(line))

    def send(self, operation, **fields):
        identity = next(self._ids)
        self.raw(json.dumps({"id": identity, "op": operation, **fields}))
        return identity

    def raw(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, identity, timeout=60):
        until = time.monotonic() + timeout
        while identity not in self._answers:
            message = self._arrived.get(timeout=max(until - time.monotonic(), 0.01))
            self._answers[message["id"]] = message
        return self._answers.pop(identity)

    def call(self, operation, **fields):
        message = self.answer(self.send(operation, **fields))
        assert "ok" in message, message
        return message["ok"]

    def error(self, operation, **fields):
        message = self.answer(self.send(operation, **fields))
        assert "error" in message, message
        return message["error"]

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        return self.process.wait(30)

    def said(self):
        """All that it wrote anywhere."""
        self.errors.seek(0)
        return b"".join(self.lines).decode() + self.errors.read()


def deployment(name, **more):
    """The fields of a deploy of one app."""
    function = f"exec__{name.replace('-', '_')}__v1"
    image = f"127.0.0.1:5075/acme/{name}@sha256:{DIGEST}"
    fields = {"environment": "dev", "app": f"{name}-v1", "function": function, "image": image}
    return {**fields, "command": ["python3", "-m", "app.server"], "spec": "1" * 40, **more}


@pytest.fixture(scope="session")
def plane(tmp_path_factory):
    """One stand-in for all tests that do not end it; each test uses names of its own."""
    standin = StandIn(tmp_path_factory.mktemp("plane") / "state")
    yield standin
    standin.end()


@pytest.fixture(autouse=True)
def _good_weather(request):
    """No failure that a test ordered is left for the next one."""
    yield
    if "plane" in request.fixturenames:
        request.getfixturevalue("plane").clear()


@pytest.fixture(scope="session")
def driver(plane, tmp_path_factory):
    one = Driver(plane.environment, tmp_path_factory.mktemp("driver"))
    yield one
    assert one.end() == 0


@pytest.fixture
def new_plane(tmp_path):
    """Starts stand-ins of a test's own on one state folder; they are ended with it."""
    started = []

    def start(*options):
        started.append(StandIn(tmp_path / "state", *options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def new_driver(tmp_path):
    """Starts drivers of a test's own, which are ended with it."""
    started = []

    def start(environment, **options):
        started.append(Driver(environment, tmp_path, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
