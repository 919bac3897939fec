"""What a run looks like in a terminal: a real one (a pty) of some width, with another project's emulator to tell what is on
its screen.

PINION_PROGRAM names the program. Without a Docker engine and an OCI registry it is left out, or a failure where PINION_REAL=1.
"""

import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import fcntl
import termios
import time
import uuid

import pyte
import pytest

PROGRAM = pathlib.Path(os.environ.get("PINION_PROGRAM", ".build/debug/pinion")).absolute()
PATIENCE = 240

SPEC = """ref: text/{name}@1
image:
  platforms: {{amd64: "sha256:pending", arm64: "sha256:pending"}}
build: {{context: ., dockerfile: Dockerfile}}
api: {{protocol: http}}
"""


class Screen:
    """Runs pinion in a terminal, and has what is on its screen after each piece of output."""

    def __init__(self, arguments, folder, columns, rows=40, cwd=None, keys=None, **variables):
        """keys: what is typed, by the pattern that the screen has to have before."""
        waiting = list((keys or {}).items())
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.frames = []
        environment = dict(os.environ, TERM="xterm-256color", XDG_STATE_HOME=str(folder / "state"))
        environment.update(variables)
        for name in ("CI", "GITHUB_ACTIONS", "NO_COLOR"):
            if name not in variables:
                environment.pop(name, None)
        process, file = pty.fork()
        if process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if cwd:
                os.chdir(cwd)
            os.execve(PROGRAM, [str(PROGRAM), *arguments], environment)
        end = time.monotonic() + PATIENCE
        while True:
            left = end - time.monotonic()
            assert left > 0, self.text
            if not select.select([file], [], [], left)[0]:
                continue
            try:
                piece = os.read(file, 65536)
            except OSError:
                break
            if not piece:
                break
            self.raw += piece
            self.stream.feed(piece)
            self.frames.append([line.rstrip() for line in self.screen.display])
            if waiting and re.search(waiting[0][0], self.raw.decode(errors="replace")):
                os.write(file, waiting.pop(0)[1].encode())
        os.close(file)
        self.status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    @property
    def text(self):
        """All lines that were ever written, those that have left the screen too."""
        above = ["".join(cell.data for _, cell in sorted(line.items())).rstrip() for line in self.screen.history.top]
        return above + [line.rstrip() for line in self.screen.display]


@pytest.fixture
def repository(tmp_path):
    registry = os.environ.get("PINION_OCI_REGISTRY")
    if not registry:
        if os.environ.get("PINION_REAL") == "1":
            pytest.fail("no OCI registry: PINION_OCI_REGISTRY")
        pytest.skip("no OCI registry: PINION_OCI_REGISTRY")
    place = f"{registry}/t{uuid.uuid4().hex[:8]}"
    files = {
        "pipelines/environments.yaml":
            f"environments:\n  local: {{target: docker, registry: '{place}', pins: record}}\n"
    }
    # Neither has a server in it; one can't be built either.
    for name, dockerfile in {"empty": "FROM scratch\nCOPY Dockerfile /\n", "broken": "FROM scratch\nRUN [\"/missing\"]\n"}.items():
        files[f"registry/processors/text_{name}/registry.yaml"] = SPEC.format(name=name)
        files[f"registry/processors/text_{name}/Dockerfile"] = dockerfile
    folder = tmp_path / "repository"
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=x"], check=True)
    yield folder
    names = subprocess.run(
        ["docker", "images", "--quiet", f"{place}/*"], capture_output=True, text=True, check=False).stdout.split()
    if names:
        subprocess.run(["docker", "rmi", "--force", *set(names)], capture_output=True, check=False)


LIVE = re.compile(r"^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] ")


@pytest.mark.parametrize("columns, variables", [(80, {}), (200, {"NO_COLOR": "1"})])
def test_a_run_is_live_and_leaves_its_lines_alone(repository, tmp_path, columns, variables):
    screen = Screen(["reconcile", "--repo", str(repository)], tmp_path, columns, **variables)
    assert screen.status == 1
    live = [[line for line in frame if LIVE.match(line)] for frame in screen.frames]
    assert any("text/empty@1" in line and "build" in line for lines in live for line in lines)
    # No action has two lines at a time, and the last picture is gone.
    for lines in live:
        subjects = [re.sub(r" +[0-9.]+s.*", "", line)[2:] for line in lines]
        assert len(subjects) == len(set(subjects)), lines
    text = screen.text
    assert not [line for line in text if LIVE.match(line) or re.match(r"^  [0-9]+ steps? done", line)]
    whole = "\n".join(text)
    # What is over stands there once, and the reason of the failure on the last screen.
    assert len(re.findall(r"✗ text/broken@1  build linux/amd64", whole)) == 1
    last = "\n".join(line.rstrip() for line in screen.screen.display)
    assert "ERR_IMAGE_BUILD" in last and "text/broken@1" in last
    assert re.search(r"✗ local: .*2 failed", whole)
    assert (b"\x1b[31m" in screen.raw) == (not variables)
    assert variables == {} or not re.search(rb"\x1b\[[0-9;]*m", screen.raw)


@pytest.mark.parametrize("variables, arguments", [({"TERM": "dumb"}, []), ({"CI": "true", "NO_COLOR": "1"}, ["--quiet"])])
def test_what_is_read_later_is_not_redrawn(repository, tmp_path, variables, arguments):
    screen = Screen(["reconcile", *arguments, "--repo", str(repository)], tmp_path, 100, **variables)
    assert screen.status == 1
    assert b"\x1b" not in screen.raw
    whole = "\n".join(screen.text)
    assert "ERR_IMAGE_BUILD" in whole
    assert re.search(r"✗ local: .*2 failed", whole)
    # Quiet shows what failed and the result alone.
    assert ("to build" in whole) == (not arguments)
    assert ("✓" in whole) == (not arguments)
