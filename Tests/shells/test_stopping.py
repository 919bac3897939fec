"""What a terminal does to a run: Ctrl-C at a question, Ctrl-S, Ctrl-Z, bg and fg, and a terminal that goes away; and what ends
a run that waits for others.

PINION_PROGRAM names the program. What needs a Docker engine is left out without one, or a failure where PINION_REAL=1.
"""

import contextlib
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import time

import pytest

from test_completions import Terminal
from test_terminal import PATIENCE, PROGRAM
from test_views import IDENTITY, PLAIN, World, world  # noqa: F401  (the world is a fixture)


class Child:
    """A program in a terminal that somebody types in."""

    def __init__(self, command, folder, **variables):
        self.seen = ""
        self.process, self.file = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            # Whoever runs the tests may be deaf to it, and what it starts would be too.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.execvpe(command[0], command, dict(os.environ, TERM="xterm", **PLAIN, **variables))

    def type(self, text):
        os.write(self.file, text.encode())

    def read(self, seconds):
        """What comes within a time; None where the terminal is closed on the other side."""
        if not select.select([self.file], [], [], seconds)[0]:
            return ""
        try:
            return os.read(self.file, 65536).decode(errors="replace")
        except OSError:
            return None

    def wait(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.seen):
            assert time.monotonic() < end, f"not seen: {pattern!r} in {self.seen!r}"
            piece = self.read(1)
            assert piece is not None, f"ended without {pattern!r}: {self.seen!r}"
            self.seen += piece
        self.seen = ""

    def end(self):
        """Its exit status, once it has ended."""
        end = time.monotonic() + PATIENCE
        while True:
            self.read(0.05)
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, self.seen


def test_ctrl_c_at_a_question_ends_at_once_and_writes_nothing(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    child = Child([str(PROGRAM), "init"], tmp_path)
    child.wait(r"Write it\? \[y/N\] ")
    start = time.monotonic()
    child.type("\x03")
    assert child.end() == 130
    # The program kills itself after seven seconds, which would be the same status.
    assert time.monotonic() - start < 6
    assert os.listdir(tmp_path) == [".git"]


def test_a_question_takes_a_yes_and_a_no(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    child = Child([str(PROGRAM), "init"], tmp_path)
    child.wait(r"\[y/N\] ")
    child.type("n\n")
    child.wait("Nothing was written")
    assert child.end() == 0 and os.listdir(tmp_path) == [".git"]
    child = Child([str(PROGRAM), "init"], tmp_path)
    child.wait(r"\[y/N\] ")
    child.type("yes\n")
    child.wait("wrote pipelines/environments.yaml")
    assert child.end() == 0


def test_a_run_goes_on_while_its_terminal_is_stopped(world):
    """Nobody reads what it writes, so the terminal holds its writers, as at Ctrl-S."""
    child = Child([str(PROGRAM), *world.command("reconcile", "--verbose")], world.folder, XDG_STATE_HOME=str(world.folder.parent / "state"))
    child.wait("local ← ")
    child.type("\x13")
    end = time.monotonic() + PATIENCE
    records = ["git", "-C", str(world.folder), "rev-parse", "--verify", "--quiet", "refs/pinion/env/local"]
    while subprocess.run(records, capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < end, "the run stands still"
        time.sleep(0.2)
    child.type("\x11")
    child.wait(r"✓ local: ")
    assert child.end() == 0


@contextlib.contextmanager
def stopped_loop(world, folder):
    """A shell whose loop was stopped by Ctrl-Z, and that has to be in the foreground again afterwards: one key reruns it."""
    (folder / "pinion").symlink_to(PROGRAM)
    shell = Terminal(["bash", "--norc", "--noprofile", "-i"], world.folder, f"{folder}:{os.environ['PATH']}")
    try:
        shell.type(f"export XDG_STATE_HOME={folder}; printf '%s%s\\n' RE ADY\n")
        shell.wait("READY")
        # What is typed while the loop ends is its own: the shell says by itself when it is over.
        shell.type(f"(pinion dev {world.namespace}/stats@1; printf '%s%s\\n' EN DED)\n")
        shell.wait(r"words")
        shell.type("\x1a")
        shell.wait("Stopped")
        yield shell
        shell.type("fg\n")
        shell.wait("pinion dev")
        # One key, without a line's end.
        shell.type("r")
        shell.wait(r"again[\s\S]*words")
        shell.type("q")
        shell.wait("ENDED")
    finally:
        shell.close()
    assert world.passing() == []


def test_keys_live_after_ctrl_z(world, tmp_path):
    with stopped_loop(world, tmp_path):
        pass


def test_keys_live_after_the_background(world, tmp_path):
    """A shell tells a loop nothing that runs already when it brings it to the foreground."""
    with stopped_loop(world, tmp_path) as shell:
        shell.type("bg\n")
        shell.wait(r"pinion dev[^\n]*&")
        shell.type("jobs\n")
        shell.wait("Running")


def test_a_terminal_that_goes_away_ends_the_loop(world):
    child = Child([str(PROGRAM), "dev", f"{world.namespace}/stats@1"], world.folder, XDG_STATE_HOME=str(world.folder.parent / "state"))
    child.wait("words")
    assert world.passing()
    os.close(child.file)
    end = time.monotonic() + PATIENCE
    while True:
        process, status = os.waitpid(child.process, os.WNOHANG)
        if process:
            break
        assert time.monotonic() < end
        time.sleep(0.1)
    assert os.waitstatus_to_exitcode(status) == 129
    assert world.passing() == []


def ended(process):
    """How it ended, by a signal or as one; a process that does not end is a failure."""
    try:
        return process.wait(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()


def test_a_result_that_nobody_reads_holds_up_no_end(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # Somebody has it open, or nobody could write to it.
    file = os.open(fifo, os.O_RDWR)
    # A message with so long a name is more than a pipe holds.
    command = [PROGRAM, "run", "a" * 100_000, "--adapter", "mock", "--mode", "mock", "--json"]
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    subprocess.run(
        ["git", "-C", str(tmp_path), "commit", "--quiet", "--allow-empty", "--message", "first"], check=True,
        env=dict(os.environ, **IDENTITY))
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=file, stderr=subprocess.DEVNULL, env=dict(os.environ, XDG_DATA_HOME=str(tmp_path)))
    try:
        # Until it has no more room.
        end = time.monotonic() + PATIENCE
        while select.select([], [file], [], 0)[1]:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert ended(process) in (-signal.SIGTERM, 128 + signal.SIGTERM)
    finally:
        process.kill()
        os.close(file)


@pytest.mark.parametrize("command", ["pin", "pull"])
def test_work_on_images_is_told_of_an_interruption(command, tmp_path):
    """An OCI registry that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        registry = f"127.0.0.1:{server.getsockname()[1]}"
        (tmp_path / "registry/processors").mkdir(parents=True)
        (tmp_path / "registry/processors/text_stats.yaml").write_text(
            f"ref: text/stats@1\nimage: {{track: '{registry}/stats:1'}}\n")
        git = ["git", "-C", str(tmp_path)]
        for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
            subprocess.run([*git, *arguments], check=True, env=dict(os.environ, **IDENTITY))
        process = subprocess.Popen(
            [PROGRAM, command], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, XDG_STATE_HOME=str(tmp_path / "state")))
        assert select.select([server], [], [], PATIENCE)[0], process.stderr.read()
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
        assert ended(process) == 128 + signal.SIGTERM
    assert "Interrupted: finishing what must not be torn" in said
