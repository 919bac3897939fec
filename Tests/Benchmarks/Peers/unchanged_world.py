"""Times `pinion plan` where nothing is to be done, beside the git reads that it cannot do without.

    unchanged_world.py PINION [COUNT]

A registry of COUNT processors is made, with records that say that all of them are built, pinned, tested and running. A
stand-in engine lists their containers, a stand-in OCI registry has nothing, and both count what they are asked. Prints
Markdown.
"""

import hashlib
import http.server
import json
import os
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PINION = os.path.abspath(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
ROUNDS = 5


class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    containers = []
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
            return self.answer(json.dumps(Engine.containers).encode())
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


def registry(repository, port):
    files = {
        "pipelines/environments.yaml": f'environments:\n  local: {{target: docker, registry: "127.0.0.1:{port}/bench", pins: record}}\n'
    }
    for number in range(COUNT):
        folder = f"processors/bench_p{number}"
        files[f"{folder}/registry.yaml"] = (
            f"# Processor {number}\nref: bench/p{number}@1\nimage:\n  platforms:\n    amd64: sha256:pending\n"
            "    arm64: sha256:pending\nbuild: {context: ., dockerfile: Dockerfile}\napi: {protocol: http}\n"
            "inputs: {type: object, properties: {text: {type: string}}, examples: [{text: x}]}\n"
        )
        files[f"{folder}/Dockerfile"] = "FROM scratch\nCOPY app /app\n"
        files[f"{folder}/app/main.py"] = f"print({number})\n"
    write(repository, "refs/heads/main", files)


def records(repository, plan):
    builds, states = {}, {}
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
             "Labels": {"dev.pinion.ref": ref, "dev.pinion.spec": item["record"]["specHash"]},
             "Ports": [{"IP": "127.0.0.1", "PrivatePort": 8000, "PublicPort": 30000, "Type": "tcp"}]}
        )
    write(repository, "refs/pinion/builds", builds)
    write(repository, "refs/pinion/env/local", states)


def floor(repository):
    """All specs and all records, read by git alone."""
    names = []
    for tip, wanted in (("main", "registry.yaml"), ("refs/pinion/builds", ".json"), ("refs/pinion/env/local", ".json")):
        for line in git(repository, "ls-tree", "-r", tip).decode().splitlines():
            meta, path = line.split("\t")
            if path.endswith(wanted):
                names.append(meta.split()[2])
    git(repository, "cat-file", "--batch", data="\n".join(names).encode())


def main():
    with tempfile.TemporaryDirectory() as folder:
        repository, socket = folder + "/r.git", folder + "/engine.sock"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository], check=True)
        server = Server(socket, Engine)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=store.serve_forever, daemon=True).start()
        registry(repository, store.server_port)
        environment = dict(os.environ, DOCKER_HOST="unix://" + socket, XDG_CACHE_HOME=folder + "/cache")
        command = [PINION, "plan", "--repo", repository, "--json"]

        def plan():
            return subprocess.run(command, env=environment, capture_output=True)

        # The first plan has everything to do; records say that it is done.
        first = json.loads(plan().stdout)
        if not first["items"]:
            sys.exit("the first plan has no items: " + json.dumps(first["blocked"][:1]))
        records(repository, first)
        Engine.questions.clear()
        Registry.questions.clear()
        check = plan()
        unchanged = json.loads(check.stdout)
        if unchanged["items"] or unchanged["blocked"]:
            sys.exit("the world is not unchanged: " + json.dumps((unchanged["items"] + unchanged["blocked"])[:1]))
        questions = len(Engine.questions), len(Registry.questions)
        ours, gits = [], []
        for _ in range(ROUNDS):
            start = time.monotonic()
            plan()
            ours.append(time.monotonic() - start)
            start = time.monotonic()
            floor(repository)
            gits.append(time.monotonic() - start)
        ratio = statistics.median(ours) / statistics.median(gits)
        print("| processors | `pinion plan` | git alone | ratio | questions to the engine | to the OCI registry |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: |")
        print(
            f"| {len(unchanged['unchanged'])} | {statistics.median(ours):.2f} s | {statistics.median(gits):.2f} s "
            f"| {ratio:.1f} | {questions[0]} | {questions[1]} |"
        )


main()
