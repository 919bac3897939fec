"""What functions on Modal cost, beside Modal's own tools, on the stand-in of its control plane: deploying them, telling
what is deployed, and finding that nothing is to be done.

    modal_functions.py PINION REGISTRY REPOSITORY [COUNT...]

Runs with a Python that has Modal's SDK. Pushes small images to REPOSITORY of the OCI registry REGISTRY (host:port,
plain HTTP), makes registries of COUNT processors that are pinned to them, and removes the images at the end. The
stand-in records what is deployed and runs none of it. Of many processes of a peer some are measured, and the whole is
told in proportion: 10 where they run one after the other, 24 where they run 8 at a time. Prints Markdown.
"""

import asyncio
import concurrent.futures
import contextlib
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import urllib.request

from far_registry import serve
from oci_repository import Repository

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, *[".."] * 3))
STAND_IN = os.path.join(ROOT, "Tests", "modal")
DRIVER = os.path.join(ROOT, "Sources", "Modal", "Resources", "pinion_modal", "driver.py")
PYTHON = sys.executable
ENVIRONMENT = "staging"
RECORDS = f"refs/pinion/env/{ENVIRONMENT}"
ROUNDS = 3
# More of them for what takes a second or two.
SHORT_ROUNDS = 7
# How many of a peer's processes are measured, by how many run at a time.
SAMPLES = {1: 10, 8: 24}
# Seconds in which a driver ends that nobody waits for.
SETTLE = 1
# Milliseconds that Modal is away at the end.
FAR = 50


class Cost(typing.NamedTuple):
    """Seconds, and how often Modal was asked."""

    wall: float
    questions: float

    def times(self, factor):
        return Cost(*(value * factor for value in self))


def median(costs):
    return Cost(*(statistics.median(values) for values in zip(*costs)))


class StandIn:
    """Modal's control plane, new and empty, until its input ends."""

    def __init__(self, folder):
        self.home = folder
        quiet = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [PYTHON, "-m", "standin", "--state", tempfile.mkdtemp(dir=folder), "--until-eof"],
            cwd=STAND_IN, env=quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        where = json.loads(self.process.stdout.readline())
        self.control = where["control"]
        # Nothing of the user's: no token, no configuration, no cache.
        self.variables = {
            "PATH": os.environ["PATH"], "HOME": folder, "MODAL_SERVER_URL": where["url"],
            "MODAL_TOKEN_ID": where["token"]["id"], "MODAL_TOKEN_SECRET": where["token"]["secret"],
            "PINION_PYTHON": PYTHON, "NO_PROXY": "127.0.0.1",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def run(self, *command, cwd=None):
        done = subprocess.run(command, env=self.variables, cwd=cwd, capture_output=True, text=True)
        check(done.returncode == 0, command, "ended with", done.returncode, done.stdout, done.stderr)
        return done.stdout

    def pinion(self, repository, command, *options):
        return self.run(PINION, *command.split(), "--repo", repository, "--env", ENVIRONMENT, *options)

    def modal(self, *arguments, cwd=None):
        return self.run(PYTHON, "-m", "modal", *arguments, "--env", ENVIRONMENT, cwd=cwd)

    def questions(self):
        """How many RPCs there have been."""
        with urllib.request.urlopen(self.control + "/calls", timeout=10) as answer:
            return sum(json.load(answer).values())

    def cost(self, work):
        """What `work` gives, and what it costs."""
        time.sleep(SETTLE)
        asked, start = self.questions(), time.monotonic()
        value = work()
        wall = time.monotonic() - start
        return value, Cost(wall, self.questions() - asked)

    def cost_of_each(self, width, work, items):
        """What it costs to do `work` with all items, so many at a time; of many it is told in proportion."""
        part = items[:SAMPLES[width]]
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            _, cost = self.cost(lambda: list(pool.map(work, part)))
        return cost.times(len(items) / len(part))


def check(is_so, *words):
    if not is_so:
        sys.exit("not measured: " + " ".join(map(str, words)))


def git(repository, *arguments, data=None):
    return subprocess.run(
        ["git", "-C", repository, *arguments], input=data, check=True, capture_output=True).stdout.decode()


def write(repository, reference, files):
    """One commit with these files, by `git fast-import`."""
    stream = [f"commit {reference}\ncommitter B <b@example.com> 1700000000 +0000\ndata 1\nx".encode()]
    for path, text in files.items():
        content = text.encode()
        stream.append(b"M 100644 inline %s\ndata %d\n%s" % (path.encode(), len(content), content))
    git(repository, "fast-import", "--quiet", "--force", data=b"\n".join(stream) + b"\n")


def registry(folder, digests):
    """A bare repository of processors, each pinned to an image of its own."""
    repository = os.path.join(folder, f"{len(digests)}.git")
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository], check=True)
    files = {
        "pipelines/environments.yaml":
            f'environments:\n  {ENVIRONMENT}: {{target: modal, registry: "{REGISTRY}/{REPOSITORY}"}}\n'
    }
    for number, digest in enumerate(digests):
        image = f'"{REGISTRY}/{REPOSITORY}@{digest}"'
        files[f"registry/processors/bench/p{number}.yaml"] = (
            f"# Processor {number}\nref: bench/p{number}@1\nimage: {{platforms: {{amd64: {image}, arm64: {image}}}}}\n"
            "runtime: {cpu: 1, memory_gb: 2, timeout_s: 600}\n"
            "inputs: {type: object, properties: {text: {type: string}}, examples: [{text: x}]}\n"
        )
    write(repository, "refs/heads/main", files)
    return repository


def rendered(world, repository):
    """A folder for each function, with what `pinion modal render --ref` writes for it: all are rendered at once, and
    the file of data is cut into its apps."""
    folder = tempfile.mkdtemp(dir=world.home)
    world.pinion(repository, "modal render", "--output", folder)
    with open(f"{folder}/modal_app.json") as file:
        apps = json.load(file)["apps"]
    for number, app in enumerate(apps):
        own = f"{folder}/{number}"
        os.mkdir(own)
        os.link(f"{folder}/modal_app.py", f"{own}/modal_app.py")
        with open(f"{own}/modal_app.json", "w") as file:
            json.dump({"apps": [app]}, file)
    return [f"{folder}/{number}" for number in range(len(apps))]


def apps(world):
    return [app["description"] for app in json.loads(world.modal("app", "list", "--json"))]


def deploy_by_pinion(world, repository, count):
    git(repository, "update-ref", "-d", RECORDS)
    report, cost = world.cost(lambda: world.pinion(repository, "sync_modal", "--json"))
    deployed = apps(world)
    check(len(deployed) == count, len(deployed), "apps of", count, "after sync_modal", report)
    return cost


def deploy_by_hand(folder, functions, width):
    with StandIn(folder) as world:
        return world.cost_of_each(width, lambda own: world.modal("deploy", "-m", "modal_app", cwd=own), functions)


def deployments(folder, repository, functions):
    """The stand-in with what Pinion deployed last, how it is ended, and the costs: Pinion's, and of `modal deploy` one
    after the other and several at a time. They take turns, each on a new stand-in."""
    costs = [[], [], []]
    for turn in range(ROUNDS):
        with contextlib.ExitStack() as stack:
            world = stack.enter_context(StandIn(folder))
            costs[0].append(deploy_by_pinion(world, repository, len(functions)))
            if turn == ROUNDS - 1:
                return stack.pop_all(), world, [median(each) for each in costs if each]
        # Ten processes or more are a mean already.
        if turn == 0 or len(functions) == 1:
            costs[1].append(deploy_by_hand(folder, functions, 1))
        if turn == 1 and len(functions) > 1:
            costs[2].append(deploy_by_hand(folder, functions, 8))


def record(repository):
    """Writes what a reconcile would have recorded: all that sync_modal recorded, and the evidence of tests."""
    records = {}
    # Not the leases, which are over.
    for line in git(repository, "ls-tree", "-r", RECORDS, "processors/").splitlines():
        meta, path = line.split("\t")
        value = json.loads(git(repository, "cat-file", "blob", meta.split()[2]))
        tested = {
            "digest": value["applied"]["pins"]["amd64"].partition("@")[2], "platform": "amd64",
            "specHash": value["applied"]["specHash"], "mode": "mock", "transport": "ws",
        }
        value["evidence"] = [{**tested, "adapter": adapter} for adapter in ("local", "modal")]
        records[path] = json.dumps(value)
    write(repository, RECORDS, records)


def audits(world, repository, count):
    """What it costs to tell what runs: Pinion, one script on the SDK, the command line one after the other and several
    at a time."""

    def by_command_line(width):
        names, listing = world.cost(lambda: apps(world))
        histories = world.cost_of_each(width, lambda app: world.modal("app", "history", app, "--json"), names)
        return Cost(*map(sum, zip(listing, histories)))

    ours, scripts = [], []
    for _ in range(ROUNDS):
        found, cost = world.cost(lambda: json.loads(world.pinion(repository, "drift", "--json")))
        check(found["findings"] == [] and found["deployments"] == count, found)
        ours.append(cost)
        found, cost = world.cost(lambda: world.run(PYTHON, os.path.join(HERE, "modal_audit.py"), ENVIRONMENT))
        check(len(json.loads(found)) == count, found)
        scripts.append(cost)
    return [median(ours), median(scripts), by_command_line(1), by_command_line(8)]


def start_up(world):
    """Seconds until the driver has answered its first request."""
    time.sleep(SETTLE)
    start = time.monotonic()
    driver = subprocess.Popen(
        [PYTHON, DRIVER], env=world.variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    check(b"ready" in driver.stdout.readline(), "the driver is not ready")
    driver.stdin.write(json.dumps({"id": 1, "op": "doctor", "environment": ENVIRONMENT}).encode() + b"\n")
    driver.stdin.flush()
    check(b'"ok"' in driver.stdout.readline(), "the doctor has no answer")
    wall = time.monotonic() - start
    driver.stdin.close()
    driver.wait(30)
    return wall


def unchanged(world, repository, count):
    """What a reconcile costs that finds nothing to do, and the driver's start in seconds; in turns."""
    ours, starts = [], []
    for _ in range(SHORT_ROUNDS):
        starts.append(start_up(world))
        said, cost = world.cost(lambda: world.pinion(repository, "reconcile"))
        check(said.startswith(f"Nothing to do: {count} processor"), said)
        ours.append(cost)
    return median(ours), statistics.median(starts)


def from_afar(world, work):
    """What `work` gives of the same stand-in at the end of a road."""

    def through(port):
        there = copy.copy(world)
        there.variables = {**world.variables, "MODAL_SERVER_URL": f"http://127.0.0.1:{port}"}
        return work(there)

    return asyncio.run(serve(world.variables["MODAL_SERVER_URL"].removeprefix("http://"), FAR / 1000, through))


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def table(title, programs, costs):
    """The first one is Pinion's."""
    row(title, "wall, s", ": Pinion", "RPCs")
    row("---", *["---:"] * 3)
    for program, cost in zip(programs, costs):
        row(program, f"{cost.wall:.2f}", f"{cost.wall / costs[0].wall:.1f}", round(cost.questions))
    print(flush=True)


def measure(folder, digests, counts):
    repositories = {count: registry(folder, digests[:count]) for count in counts}
    most = max(counts)
    with StandIn(folder) as world:
        functions = rendered(world, repositories[most])
        deploy_by_pinion(world, repositories[most], most)
    with contextlib.ExitStack() as stack:
        worlds = {}
        programs = ["`pinion sync_modal`", "`modal deploy`, one after the other", "`modal deploy`, 8 at a time"]
        for count in counts:
            kept, worlds[count], costs = deployments(folder, repositories[count], functions[:count])
            stack.push(kept)
            record(repositories[count])
            table(f"deploying {count} function{'s' if count > 1 else ''}", programs, costs)
        print(f"Of more processes than {SAMPLES[1]} one after the other, or {SAMPLES[8]} 8 at a time, that many were")
        print("measured, above and below: the rest is in proportion.\n", flush=True)
        programs = [
            "`pinion drift`", "a script on the SDK, one app after the other",
            "`modal app list`, `modal app history` of each, one after the other", "the same, 8 at a time",
        ]
        costs = audits(worlds[most], repositories[most], most)
        table(f"telling what is deployed, {most} functions", programs, costs)
        row("nothing to do, functions", "away", "`pinion reconcile`, s", "the driver's start, s", "more, s", "RPCs")
        row(*["---:"] * 6)

        def compare(world, count, away):
            ours, start = unchanged(world, repositories[count], count)
            more = f"{ours.wall - start:.2f}"
            row(count, f"{away} ms", f"{ours.wall:.2f}", f"{start:.2f}", more, round(ours.questions))

        for count in counts:
            compare(worlds[count], count, 0)
        from_afar(worlds[most], lambda world: compare(world, most, FAR))


def main():
    images = Repository(REGISTRY, REPOSITORY)
    counts = [int(count) for count in sys.argv[4:]] or [1, 10, 100]
    try:
        digests = []
        for number in range(max(counts)):
            digests += images.push_images(1, Cmd=["serve"], Labels={"number": str(number)})
        with tempfile.TemporaryDirectory() as folder:
            measure(folder, digests, counts)
    finally:
        images.remove()


PINION, REGISTRY, REPOSITORY = os.path.abspath(sys.argv[1]), *sys.argv[2:4]
main()
