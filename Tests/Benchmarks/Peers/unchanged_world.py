"""Times `pinion plan` and `pinion reconcile` where nothing is to be done, and `pinion plan` where one processor has changed.

    unchanged_world.py PINION [COUNT...]

Registries of so many processors are made (default: 1000), with records that say that all of them are built, pinned, tested
and running. A stand-in engine lists their containers, a stand-in OCI registry has nothing, and both count what they are
asked. The peers are `terraform plan` of as many `terraform_data` resources without changes, up to 1000, where there is a
terraform, and git alone. In each round all programs run once, peers first. Prints Markdown.
"""

import hashlib
import http.server
import json
import os
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PINION = os.path.abspath(sys.argv[1])
COUNTS = [int(text) for text in sys.argv[2:]] or [1000]
TERRAFORM = shutil.which("terraform")
# To make so many resources that nothing is to be done with takes it longer the more there are, much longer than in proportion.
TERRAFORM_LIMIT = 1000


class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    containers = []
    listed = b""
    questions = []

    def log_message(self, *arguments):
        pass

    def address_string(self):
        return "socket"

    def do_GET(self):
        Engine.questions.append(self.path)
        if self.path.endswith("/_ping"):
            return self.answer(b"OK", "text/plain")
        if "/containers/json" in self.path:
            return self.answer(Engine.listed)
        if self.path.endswith("/version"):
            return self.answer(b'{"ApiVersion":"1.45","MinAPIVersion":"1.24","Version":"26"}')
        if self.path.endswith("/info"):
            return self.answer(b'{"NCPU":2,"DriverStatus":[]}')
        self.answer(b'{"message":"no such image"}', status=404)

    do_HEAD = do_GET

    def answer(self, content, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Api-Version", "1.45")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    questions = []

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        Registry.questions.append(self.path)
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def git(repository, *arguments, data=None):
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write(repository, reference, files):
    """One commit with these files, by `git fast-import`."""
    stream = [b"commit %s\ncommitter B <b@example.com> 1700000000 +0000\ndata 1\nx" % reference.encode()]
    for path, text in files.items():
        content = text.encode()
        stream.append(b"M 100644 inline %s\ndata %d\n%s" % (path.encode(), len(content), content))
    git(repository, "fast-import", "--quiet", data=b"\n".join(stream) + b"\n")


def spec(number):
    return f"""# Processor {number}
ref: bench/p{number}@1
name: "Processor {number}, which counts words"
image:
  platforms:
    amd64: sha256:pending
    arm64: sha256:pending
  default_platform: amd64
build:
  context: .
  dockerfile: Dockerfile
  args: {{PYTHON: "3.12"}}
runtime: {{cpu: 1, memory_gb: 2, timeout_s: 600}}
secrets: {{required: [OPENAI_API_KEY], optional: [LITELLM_API_BASE]}}
api: {{protocol: http, path: /run, healthz: /healthz}}
inputs:
  $schema: https://json-schema.org/draft/2020-12/schema
  type: object
  required: [text]
  properties:
    text: {{type: string, minLength: 1, description: "What is counted"}}
    language: {{type: string, enum: [en, de, fr]}}
    limit: {{type: integer, minimum: 1, maximum: 1000, default: 10}}
  examples:
    - {{text: "some words", language: en}}
outputs:
  - {{path: result.json, mime: application/json}}
predicates:
  success:
    - {{id: artifact.exists@1, args: {{path: "${{outputs.path}}"}}}}
"""


def registry(repository, port, count):
    files = {
        "pipelines/environments.yaml": f'environments:\n  local: {{target: docker, registry: "127.0.0.1:{port}/bench", pins: record}}\n'
    }
    for number in range(count):
        folder = f"processors/bench_p{number}"
        files[f"{folder}/registry.yaml"] = spec(number)
        files[f"{folder}/Dockerfile"] = "FROM scratch\nCOPY app /app\n"
        files[f"{folder}/app/main.py"] = f"print({number})\n"
    write(repository, "refs/heads/main", files)
    git(repository, "gc", "--quiet")


def records(repository, plan):
    builds, states = {}, {}
    Engine.containers = []
    for item in plan["items"]:
        ref, keys = item["ref"], item["record"]["keys"]
        pins = {
            platform: f"{item['recipe']['repository']}@sha256:{digest(ref + platform)}" for platform in keys
        }
        for platform, key in keys.items():
            repository_name = item["recipe"]["repository"].replace("/", "%2F")
            builds[f"{key[:2]}/{key[2:]}/{repository_name}.json"] = json.dumps(
                {"key": key, "ref": ref, "platform": platform, "image": pins[platform], "commit": plan["commit"],
                 "builder": "buildx"}
            )
        deploy = item["deploy"]["platform"]
        image_id = "sha256:" + digest(ref + deploy)
        name = "pinion-" + ref.replace("/", "-").replace("@", "-v") + "-" + image_id[7:19]
        revision = {"commit": plan["commit"], "specHash": item["record"]["specHash"], "pins": pins, "keys": keys}
        states[f"processors/{ref}.json"] = json.dumps(
            {"ref": ref, "desired": revision, "applied": revision,
             "binding": {"name": name, "platform": deploy, "imageID": image_id},
             "evidence": [{"digest": "sha256:" + digest(ref + deploy), "platform": deploy,
                           "specHash": item["record"]["specHash"], "adapter": "local", "mode": "mock",
                           "transport": "http"}]}
        )
        Engine.containers.append(
            {"Id": digest("c" + ref), "Names": ["/" + name], "ImageID": image_id, "State": "running",
             "Image": pins[deploy], "Command": "python -m app", "Created": 1700000000, "Status": "Up 2 days",
             "Labels": {"dev.pinion.ref": ref, "dev.pinion.spec": item["record"]["specHash"]},
             "HostConfig": {"NetworkMode": "bridge"}, "Mounts": [],
             "NetworkSettings": {"Networks": {"bridge": {
                 "NetworkID": digest("n"), "EndpointID": digest("e" + ref), "Gateway": "172.17.0.1",
                 "IPAddress": "172.17.0.2", "IPPrefixLen": 16, "MacAddress": "02:42:ac:11:00:02"}}},
             "Ports": [{"IP": "127.0.0.1", "PrivatePort": 8000, "PublicPort": 30000, "Type": "tcp"}]}
        )
    Engine.listed = json.dumps(Engine.containers).encode()
    write(repository, "refs/pinion/builds", builds)
    write(repository, "refs/pinion/env/local", states)
    git(repository, "gc", "--quiet")


class Run:
    """One run of a program: seconds on the wall, seconds of processor time, the most memory in MiB, what it printed."""

    def __init__(self, command, environment=None, folder=None, data=b""):
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
            given.write(data)
            given.seek(0)
            start = time.monotonic()
            child = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=given, stdout=output, stderr=errors)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.memory = usage.ru_maxrss / 1024
            output.seek(0)
            self.output = output.read()
            errors.seek(0)
            self.errors = errors.read()
            self.status = child.returncode

    def __add__(self, other):
        self.wall += other.wall
        self.cpu += other.cpu
        self.memory = max(self.memory, other.memory)
        return self


def read(repository, references):
    """All specs or records of these references, read by git alone."""
    total = None
    for reference, end in references:
        run = Run(["git", "-C", repository, "ls-tree", "-r", reference])
        names = []
        for line in run.output.decode().splitlines():
            meta, path = line.split("\t")
            if path.endswith(end):
                names.append(meta.split()[2])
        run += Run(["git", "-C", repository, "cat-file", "--batch"], data="\n".join(names).encode())
        total = total + run if total else run
    return total


RECORDS = [("refs/pinion/builds", ".json"), ("refs/pinion/env/local", ".json")]


class Terraform:
    """As many resources without a change, in a folder of their own."""

    def __init__(self, folder, count):
        self.folder = folder
        os.mkdir(folder)
        with open(folder + "/main.tf", "w") as file:
            for number in range(count):
                image = f"127.0.0.1:5075/bench/p{number}@sha256:{digest(str(number))}"
                file.write(
                    f'resource "terraform_data" "p{number}" {{\n'
                    f'  input = {{ ref = "bench/p{number}@1", image = "{image}", timeout = 600 }}\n}}\n'
                )
        self.environment = dict(os.environ, CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1", TF_DATA_DIR=folder + "/data")
        for command in (["init"], ["apply", "-auto-approve"]):
            run = self.run(*command)
            if run.status != 0:
                sys.exit(f"terraform {command[0]}: " + run.errors.decode())
        if b"No changes" not in self.plan().output:
            sys.exit("terraform plan has changes")

    def run(self, *arguments):
        command = [TERRAFORM, arguments[0], "-input=false", "-no-color", *arguments[1:]]
        return Run(command, self.environment, self.folder)

    def plan(self):
        return self.run("plan")


class World:
    """A registry of so many processors that are all as they should be."""

    def __init__(self, folder, count, socket, port):
        self.repository = folder + "/r.git"
        self.cache = folder + "/cache"
        self.environment = dict(
            os.environ, DOCKER_HOST="unix://" + socket, XDG_CACHE_HOME=self.cache, XDG_STATE_HOME=folder + "/state")
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", self.repository], check=True)
        registry(self.repository, port, count)
        # The first plan has everything to do; records say that it is done.
        Engine.listed = b"[]"
        first = json.loads(self.pinion("plan", "--json").output)
        if not first["items"]:
            sys.exit("the first plan has no items: " + json.dumps(first["blocked"][:1]))
        records(self.repository, first)
        self.questions = self.check([])

    def pinion(self, *arguments):
        return Run([PINION, *arguments, "--repo", self.repository], self.environment)

    def check(self, changed):
        """Plans, and sees that these processors alone have something to be done."""
        Engine.questions.clear()
        Registry.questions.clear()
        run = self.pinion("plan", "--json")
        plan = json.loads(run.output)
        if [item["ref"] for item in plan["items"]] != changed or plan["blocked"]:
            sys.exit("the world is another one: " + json.dumps((plan["items"] + plan["blocked"])[:2]))
        return len(Engine.questions), len(Registry.questions)

    def change(self, number):
        """Another source of one processor, on top of the branch."""
        text = f"print({number}, 'changed')\n".encode()
        git(self.repository, "fast-import", "--quiet", "--force", data=(
            b"commit refs/heads/main\ncommitter B <b@example.com> 1700000001 +0000\ndata 1\ny\n"
            b"from refs/heads/main^0\nM 100644 inline processors/bench_p%d/app/main.py\ndata %d\n%s\n"
            % (number, len(text), text)))

    def forget(self):
        shutil.rmtree(self.cache + "/pinion", ignore_errors=True)


def median(values):
    return statistics.median(list(values))


def table(title, rows, base):
    """Rows of runs; ratios are the medians of those of single rounds."""
    print(f"| {title} | wall, ms | processor, ms | memory, MiB | : {base}, wall | : {base}, processor |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    peers = rows.get(base)
    for name, runs in rows.items():
        ratios = ["", ""]
        if peers:
            ratios = [
                f"{median(getattr(run, what) / getattr(peer, what) for run, peer in zip(runs, peers)):.2g}"
                for what in ("wall", "cpu")
            ]
        print(
            f"| {name} | {1000 * median(run.wall for run in runs):.0f} | {1000 * median(run.cpu for run in runs):.0f} "
            f"| {max(run.memory for run in runs):.0f} | {ratios[0]} | {ratios[1]} |", flush=True)
    print()


def measure(folder, count, socket, port):
    rounds = 9 if count <= 1000 else 5
    world = World(folder, count, socket, port)
    terraform = Terraform(folder + "/terraform", count) if TERRAFORM and count <= TERRAFORM_LIMIT else None
    rows = {}

    def row(name, run):
        if run.status != 0:
            sys.exit(f"{name}: " + run.errors.decode())
        rows.setdefault(name, []).append(run)

    for _ in range(rounds):
        if terraform:
            row("terraform plan", terraform.plan())
        row("git alone", read(world.repository, [("main", "registry.yaml")] + RECORDS))
        row("pinion plan", world.pinion("plan"))
        row("pinion reconcile", world.pinion("reconcile"))
    for _ in range(3):
        world.forget()
        row("pinion plan, without a cache", world.pinion("plan"))
    table(f"{count} processors, nothing to do, median of {rounds}", rows, "terraform plan" if terraform else "git alone")
    print(f"Questions of a plan: {world.questions[0]} to the engine, {world.questions[1]} to the OCI registry.\n")

    rows = {}
    for number in range(rounds):
        # What an earlier plan of the unchanged registry has left, and then one more change.
        old = git(world.repository, "rev-parse", "main").decode().strip()
        world.pinion("plan")
        world.change(number)
        run = Run(["git", "-C", world.repository, "diff", "--name-only", old, "main"])
        row("git: the diff, and all records", run + read(world.repository, RECORDS))
        row("pinion plan", world.pinion("plan"))
        if number == 0:
            world.check(["bench/p0@1"])
        git(world.repository, "update-ref", "refs/heads/main", old)
    table(
        f"{count} processors, one of them changed, median of {rounds}", rows, "git: the diff, and all records")


def main():
    with tempfile.TemporaryDirectory() as folder:
        socket = folder + "/engine.sock"
        server = Server(socket, Engine)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=store.serve_forever, daemon=True).start()
        if not TERRAFORM:
            print("Left out: terraform, which is not there.\n")
        for count in COUNTS:
            own = f"{folder}/{count}"
            os.mkdir(own)
            measure(own, count, socket, store.server_port)
            shutil.rmtree(own)


main()
