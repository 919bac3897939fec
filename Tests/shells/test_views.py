"""What people read in a terminal of 80 columns, word by word: without colour and with it, held against files in golden.

What differs from run to run (times, ids, ports, the namespace) is put in place of by something as long. PINION_GOLDEN=write
writes the files anew. Without a Docker engine and an OCI registry it is left out, or a failure where PINION_REAL=1.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import uuid

import pytest

from test_terminal import PROGRAM, Screen

HERE = pathlib.Path(__file__).parent
SAMPLE = HERE.parent.parent / "registry"
IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Test"), ("EMAIL", "test@example.com"))
}
PLAIN = {"NO_COLOR": "1"}


class World:
    """A repository with processors of the sample under a namespace of its own, on this host's engine."""

    def __init__(self, folder, registry):
        self.folder = folder
        self.namespace = "t" + uuid.uuid4().hex[:8]
        self.registry = registry
        # Lines break where they do by its length.
        self.data = tempfile.mkdtemp(prefix="pinion-data-", dir="/tmp")
        self.write("pipelines/environments.yaml", f"""environments:
  local: {{target: docker, registry: '{registry}/{self.namespace}', pins: record}}
  next:
    target: docker
    registry: '{registry}/{self.namespace}'
    pins: record
    promotes_from: local
    gates: {{evidence: [modal/mock]}}
""")
        for name in ("text_hash", "text_stats"):
            place = f"registry/processors/{self.namespace}_{name[5:]}"
            shutil.copytree(SAMPLE / "processors" / name, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
            spec = folder / place / "registry.yaml"
            spec.write_text(spec.read_text().replace("ref: text/", f"ref: {self.namespace}/").replace("127.0.0.1:5075", registry))
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def git(self, *arguments):
        subprocess.run(["git", "-C", str(self.folder), *arguments], check=True, env=dict(os.environ, **IDENTITY))

    def commit(self, message):
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", message)

    def command(self, *arguments):
        return [word.replace("NS", self.namespace) for word in arguments]

    def screen(self, *arguments, keys=None, **variables):
        return Screen(
            self.command(*arguments), self.folder.parent, 80, cwd=self.folder, keys=keys, XDG_DATA_HOME=self.data,
            **IDENTITY, **variables)

    def run(self, *arguments):
        """As a pipe would have it."""
        environment = dict(os.environ, XDG_STATE_HOME=str(self.folder.parent / "state"), **IDENTITY)
        return subprocess.run(
            [PROGRAM, *self.command(*arguments)], cwd=self.folder, env=environment, capture_output=True, text=True,
            check=False)

    def containers(self, name=""):
        return subprocess.run(
            ["docker", "ps", "--all", "--quiet", "--filter", f"name=pinion-{self.namespace}-{name}"],
            capture_output=True, text=True, check=True).stdout.split()

    def passing(self):
        """The containers of a loop or a run, which go with it."""
        return subprocess.run(
            ["docker", "ps", "--all", "--quiet", "--filter", f"label=dev.pinion.ref={self.namespace}/stats@1", "--filter",
             "label=dev.pinion.run"], capture_output=True, text=True, check=True).stdout.split()

    def close(self):
        shutil.rmtree(self.data)
        for container in self.containers():
            subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)
        names = subprocess.run(
            ["docker", "images", "--quiet", f"{self.registry}/{self.namespace}/*"], capture_output=True, text=True,
            check=False).stdout.split()
        if names:
            subprocess.run(["docker", "rmi", "--force", *set(names)], capture_output=True, check=False)

    def stable(self, text):
        """The text without what differs from run to run."""
        def zeros(match):
            return re.sub(r"[0-9a-f]", "0", match[0])
        text = text.replace(self.data, "/tmp/pinion-data-00000000")
        text = text.replace(self.namespace, "t00000000").replace(os.uname().nodename, "HOST")
        # A colour ends in a letter, which is no part of the word behind it.
        start = r"(?:(?<=\x1b\[\dm)|(?<=\x1b\[\d\dm)|\b)"
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-01T00:00:00Z", text)
        text = re.sub(start + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", zeros, text)
        text = re.sub(start + r"(?=[a-f]*[0-9])([0-9a-f]{7,8}|[0-9a-f]{12}|[0-9a-f]{64})\b", zeros, text)
        # What a table cuts.
        text = re.sub(start + r"[0-9a-f]{5,11}(?=…)", zeros, text)
        text = re.sub(start + r"20[0-9T:-]+(?=…)", lambda match: "2026-01-01T00:00:00"[:len(match[0])], text)
        text = re.sub(r"(?<=127\.0\.0\.1:)\d+(?=…)", zeros, text)
        text = re.sub(r"(?<=127\.0\.0\.1:)\d{5}\b", "00000", text)
        text = re.sub(start + r"\d+\.\d\d s\b", "0.00 s", text)
        return re.sub(start + r"\d+\.\d+s\b", "0.0s", re.sub(start + r"\d+ ms\b", "0 ms", text))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    registry = os.environ.get("PINION_OCI_REGISTRY")
    if not registry:
        if os.environ.get("PINION_REAL") == "1":
            pytest.fail("no OCI registry: PINION_OCI_REGISTRY")
        pytest.skip("no OCI registry: PINION_OCI_REGISTRY")
    folder = tmp_path_factory.mktemp("views") / "repository"
    folder.mkdir()
    world = World(folder, registry)
    yield world
    world.close()


def check(name, text):
    """Holds a view against its file; no line may be longer than the terminal."""
    file = HERE / "golden" / f"{name}.txt"
    shown = text.replace("\x1b", "^[")
    if os.environ.get("PINION_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown == file.read_text()


def view(world, name, *arguments, status=0, keys=None):
    """Both forms of what a command shows, which is more than the last line of a run."""
    for variables, ending in ((PLAIN, ""), ({}, "-colours")):
        screen = world.screen(*arguments, keys=keys, **variables)
        text = world.stable(screen.raw.decode().replace("\r\n", "\n"))
        assert screen.status == status, text
        assert ("\x1b[" in text) == (not variables), text
        for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n"):
            # A word of its own may be longer.
            assert len(line) <= 80 or max(map(len, line.split())) > 60, line
        check(name + ending, text)


def test_a_plan(world):
    view(world, "plan", "plan")


def test_warnings_and_errors_of_a_registry(world):
    world.write(
        "registry/processors/bad_one.yaml",
        "ref: bad/one@1\nnmae: x\napi: {protocol: grpc, path: /run}\n"
        + "name: \"a long name of a processor that says more than anybody reads\"" + " " * 60 + "# and more\n"
        + "inputs: {type: object, properties: {text: {type: string, description: 'words that go on'}, count: {type: nonsense}}}\n")
    try:
        view(world, "validate", "validate", "--worktree", status=1)
    finally:
        (world.folder / "registry/processors/bad_one.yaml").unlink()


def test_an_error_with_its_remedy(world):
    view(world, "error", "plan", "--env", "moon", status=4)


def test_a_run_and_what_came_of_it(world):
    screen = world.screen("reconcile", **PLAIN)
    assert screen.status == 0, screen.text
    last = [line for line in screen.text if line][-2:]
    check("summary", world.stable("\n".join(last) + "\n"))
    # 'next' is what 'local' was.
    world.git("update-ref", "refs/pinion/env/next", "refs/pinion/env/local")
    view(world, "unchanged", "reconcile")


def test_what_runs(world):
    view(world, "status", "status")
    view(world, "why", "why", "NS/stats@1")
    view(world, "history", "history")
    view(world, "run", "run", "--ref", "NS/stats@1", "--mode", "mock")
    view(world, "explain-key", "explain-key", "NS/stats@1")


def test_a_promotion_that_is_refused(world):
    world.git("update-ref", "-d", "refs/pinion/env/next")
    try:
        view(world, "promote", "promote", "--from", "local", "--to", "next", "--dry-run", status=3)
    finally:
        world.git("update-ref", "refs/pinion/env/next", "refs/pinion/env/local")


def test_drift(world):
    for container in world.containers("stats"):
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=True)
    view(world, "drift", "drift", "--detailed-exitcode", status=2)


def test_what_is_held_and_what_differs(world):
    file = world.folder / f"registry/processors/{world.namespace}_stats/app/processor.py"
    file.write_text(file.read_text() + "\n# more\n")
    world.commit("more")
    changed = world.run("reconcile")
    assert changed.returncode == 0, changed.stderr
    view(world, "diff", "diff", "local", "next")
    held = world.run(
        "rollback", "NS/stats@1", "--reason", "answers are empty since the last release, and nobody knows why")
    assert held.returncode == 0, held.stderr
    view(world, "hold", "hold", "list")
    view(world, "why-held", "why", "NS/stats@1")


def test_leases(world):
    """What another run holds."""
    ref = "refs/pinion/env/local"
    lease = {
        "epoch": 1000, "expiresAt": int(time.time()) + 3600, "holder": "Ann", "host": "ci-7", "run": "693a0f5e8f3a",
        "refs": [f"{world.namespace}/{name}@1" for name in ("hash", "stats")],
    }
    environment = dict(os.environ, **IDENTITY, GIT_INDEX_FILE=str(world.folder.parent / "index"))
    def git(*arguments, text=None):
        return subprocess.run(
            ["git", "-C", str(world.folder), *arguments], check=True, env=environment, input=text, capture_output=True,
            text=True).stdout.strip()
    git("read-tree", ref)
    blob = git("hash-object", "-w", "--stdin", text=json.dumps(lease))
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},leases/{lease['run']}.json")
    git("update-ref", ref, git("commit-tree", git("write-tree"), "-p", ref, "-m", "lease"))
    view(world, "lease", "lease", "list", "--env", "local")
    released = world.run("lease", "release", "--env", "local", "--run", lease["run"])
    assert released.returncode == 0, released.stderr


def test_what_a_builder_says_is_broken_between_words(world):
    world.write(
        f"registry/processors/{world.namespace}_broken/registry.yaml",
        f"ref: {world.namespace}/broken@1\nbuild: {{context: .}}\napi: {{protocol: http}}\n")
    words = "what a builder says may be long and has to be broken between words too wherever the terminal ends"
    world.write(
        f"registry/processors/{world.namespace}_broken/Dockerfile",
        f"FROM {world.registry}/pinion/python:3\nRUN [\"python3\", \"-c\", \"raise SystemExit('{words}')\"]\n")
    world.commit("broken")
    screen = world.screen("reconcile", "--target", "NS/broken@1", "--quiet", **PLAIN)
    assert screen.status == 1
    whole = screen.raw.decode()
    for line in whole.split("\r\n"):
        assert len(line) <= 80 or max(map(len, line.split())) > 60, line
    assert words in re.sub(r"\s+", " ", whole)


def test_dev(world):
    screen = world.screen("dev", "NS/stats@1", keys={r"words": "l", "nothing so far|    [^ {]": "q"}, **PLAIN)
    assert screen.status == 0
    check("dev", world.stable(screen.raw.decode().replace("\r\n", "\n").replace(str(world.folder), "FOLDER")))
