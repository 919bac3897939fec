"""Completion in the real shells: each runs in a terminal of its own, gets a line and the TAB key, and has to complete it.

PINION_PROGRAM names the program. A shell that is not installed is left out, or a failure where PINION_REAL=1.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

PROGRAM = pathlib.Path(os.environ.get("PINION_PROGRAM", ".build/debug/pinion")).absolute()
# Long enough for a machine with other things to do; nobody waits for it who is answered.
PATIENCE = 60

FILES = {
    "pipelines/environments.yaml": "environments:\n  staging: {target: modal, registry: ghcr.io/acme}\n",
    "pipelines/nightly.yaml": "environment: local\nsteps: [validate]\n",
    "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {track: ghcr.io/acme/stats:1}\n",
}

LINES = [
    ("pinion build text/st", "pinion build text/stats@1 "),
    ("pinion build text/stats@", "pinion build text/stats@1 "),
    ("pinion run --ref text/st", "pinion run --ref text/stats@1 "),
    ("pinion plan --env stag", "pinion plan --env staging "),
    ("pinion lane run night", "pinion lane run nightly "),
    ("pinion explain ERR_LEA", "pinion explain ERR_LEASE "),
    ("pinion help evid", "pinion help evidence "),
    ("pinion reconc", "pinion reconcile "),
    ("pinion run --mode mo", "pinion run --mode mock "),
    ("pinion plan --branch mai", "pinion plan --branch main "),
    # There is a folder of this name, too.
    ("pinion regis", "pinion registry "),
    ("pinion config show --orig", "pinion config show --origin "),
]

# How each shell is started without its user's own files, and what reads the script.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit && compinit -u -D && source {script}"),
    "fish": (["fish", "--no-config", "-i"], "source {script}"),
}


class Terminal:
    def __init__(self, command, folder, path):
        self.seen = ""
        self.command = command[0]
        environment = {"PATH": path, "HOME": str(folder), "TERM": "xterm", "PS1": "", "LANG": "C.UTF-8"}
        self.process, self.file = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)

    def type(self, text):
        os.write(self.file, text.encode())

    def wait(self, pattern):
        """Reads on until the pattern is on the screen, in what was written since the last time, and gives that."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.seen):
            left = end - time.monotonic()
            assert left > 0, f"not seen: {pattern!r} in {self.seen!r}"
            if select.select([self.file], [], [], left)[0]:
                text = os.read(self.file, 65536).decode(errors="replace")
                # Colours, cursor movements and the like are no part of what is read.
                self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][0-9A-Za-z]?", "", text)
        seen, self.seen = self.seen, ""
        return seen

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.file)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


@pytest.fixture(scope="module", params=SHELLS)
def terminal(request, repository, tmp_path_factory):
    command, reading = SHELLS[request.param]
    if shutil.which(command[0]) is None:
        if os.environ.get("PINION_REAL") == "1":
            pytest.fail(f"{command[0]} is not installed: .ci/setup services")
        pytest.skip(f"{command[0]} is not installed")
    folder = tmp_path_factory.mktemp("bin")
    (folder / "pinion").symlink_to(PROGRAM)
    script = folder / "script"
    script.write_text(subprocess.run([PROGRAM, "completions", request.param], check=True, capture_output=True, text=True).stdout)
    terminal = Terminal(command, repository, f"{folder}:{os.environ['PATH']}")
    # What is typed is echoed: the word that is waited for must not stand in it.
    terminal.type(reading.format(script=script) + " && printf '%s%s\\n' RE ADY\n")
    terminal.wait("READY")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("typed, completed", LINES)
def test_a_line_is_completed(terminal, typed, completed):
    terminal.type(typed + "\t")
    # A shell may draw the line anew, word by word, so the rest of it is what counts.
    rest = completed[len(os.path.commonprefix([typed, completed])):]
    word = completed.split()[-1]
    terminal.wait(f"{re.escape(word)} |{re.escape(rest.strip())} $")
    terminal.type("\x15printf '%s%s\\n' NE XT\n")
    terminal.wait("NEXT")


def test_a_folder_is_completed_as_one(terminal):
    terminal.type("pinion lane run nightly --reports pipel\t")
    terminal.wait("pipelines/|ines/")
    terminal.type("\x15printf '%s%s\\n' NE XT\n")
    terminal.wait("NEXT")


def test_a_bash_without_compopt_completes_in_silence(terminal):
    """As that of macOS is."""
    if terminal.command != "bash":
        pytest.skip("bash alone has it")
    terminal.type("enable -n compopt; printf '%s%s\\n' WITH OUT\n")
    terminal.wait("WITHOUT")
    terminal.type("pinion lane run nightly --reports pipel\t")
    terminal.wait("pipelines")
    terminal.type("\x15enable compopt; printf '%s%s\\n' NE XT\n")
    assert "not found" not in terminal.wait("NEXT")
