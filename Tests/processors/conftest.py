"""Runs the sample registry's processors as processes on free ports of loopback. No Docker, no network."""

import asyncio
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from websockets.asyncio.client import connect

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESSORS = ROOT / "registry" / "processors"
SECRETS = ("OPENAI_API_KEY", "LITELLM_API_BASE")
PREFIX = "/artifacts/execution/E1/"


def payload(params, mode="mock", **more):
    inputs = {"schema": "v1", "params": params}
    return {"execution_id": "E1", "mode": mode, "inputs": inputs, "write_prefix": PREFIX, "schema": "v1", **more}


class Processor:
    """A processor's process, with its own port."""

    def __init__(self, command, directory, python_path="", **environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        inherited = {key: value for key, value in os.environ.items() if key not in (*SECRETS, "IMAGE_DIGEST")}
        settings = {"HOST": "127.0.0.1", "PORT": str(self.port), "PYTHONPATH": str(python_path), "NO_PROXY": "127.0.0.1"}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=directory,
            env={**inherited, **settings, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started = time.monotonic()
        while True:
            try:
                self.get("/healthz")
                break
            except OSError:
                assert self.process.poll() is None, self.process.stdout.read().decode()
                assert time.monotonic() - started < 10, "not healthy after 10 s"
                time.sleep(0.01)
        self.seconds_to_health = time.monotonic() - started

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, value, content_type="application/json"):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        status, headers, answer = self.request("POST", path, body, {"Content-Type": content_type})
        return status, headers, answer

    def run(self, request):
        """The envelope and all frames of a WebSocket run."""
        return asyncio.run(self.run_async(request))

    async def run_async(self, request):
        frames = []
        async with self.connected() as connection:
            await connection.send(run_open(request))
            while not frames or frames[-1]["kind"] != "RunResult":
                frames.append(json.loads(await asyncio.wait_for(connection.recv(), 15)))
        return frames[-1]["content"], frames

    def connected(self, **more):
        options = {"subprotocols": ["theory.run.v1"], "proxy": None, **more}
        return connect(f"ws://127.0.0.1:{self.port}/run", **options)

    def end(self, signal_number=signal.SIGTERM):
        """Signals the process and gives the seconds until its end, its code and its output."""
        started = time.monotonic()
        self.process.send_signal(signal_number)
        output, _ = self.process.communicate(timeout=10)
        return time.monotonic() - started, self.process.returncode, output.decode()


def run_open(request, **more):
    content = {"role": "client", "execution_id": request.get("execution_id"), "start": True, "payload": request, **more}
    return json.dumps({"kind": "RunOpen", "content": content})


@pytest.fixture(scope="session")
def start():
    """Starts a processor by its folder's name; all are ended after the last test."""
    running = []

    def starter(name, **environment):
        folder = PROCESSORS / name
        if name == "text_hash":
            source = ROOT / ".ci" / "vendor" / "hash"
            running.append(Processor(["app/hash_server.py"], source, **environment))
        else:
            running.append(Processor(["-m", "app.server"], folder, folder, **environment))
        return running[-1]

    yield starter
    for processor in running:
        if processor.process.poll() is None:
            processor.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def llm(start):
    return start("llm_litellm")


@pytest.fixture(scope="session")
def media(start):
    return start("media_metadata")


@pytest.fixture(scope="session")
def stats(start):
    return start("text_stats")


@pytest.fixture(scope="session")
def hashes(start):
    return start("text_hash")


class Uploads(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = "refuse" in self.path
        if not refused:
            self.server.received.append((self.path, self.headers.get("Content-Type"), body))
        self.send_response(403 if refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def uploads():
    """A store that takes PUT; `received` has what came, `plan` makes put_urls."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Uploads)
    server.received = []
    address = f"http://127.0.0.1:{server.server_address[1]}"
    server.plan = lambda *paths: {path: f"{address}/{path}?signature=s3cr3t" for path in paths}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
