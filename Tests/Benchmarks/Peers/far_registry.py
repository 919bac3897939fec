"""An OCI registry that is far away: fills a repository of a real one, and puts a road of 50 ms in front of it.

    far_registry.py REGISTRY REPOSITORY COUNT MILLISECONDS COMMAND...

Pushes COUNT manifests of one small image, each with an annotation of its own, to REGISTRY (host:port, plain HTTP), runs
COMMAND with two arguments more, the repository by way of the road and a file of the digests, one a line, and removes the
manifests. Bytes take half of MILLISECONDS each way; a new connection costs MILLISECONDS before its first byte, as a
handshake does.
"""

import asyncio
import hashlib
import http.client
import json
import subprocess
import sys
import tempfile

TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Repository:
    def __init__(self, registry, path):
        self.connection = http.client.HTTPConnection(registry)
        self.path = path

    def ask(self, method, target, body=None, headers={}):
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {target}: {answer.status}")
        return answer

    def push_blob(self, data):
        place = self.ask("POST", f"/v2/{self.path}/blobs/uploads/").getheader("Location")
        place = place[place.index("/v2/"):]
        self.ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest(data)}", data)
        return {"digest": digest(data), "size": len(data)}

    def push_manifests(self, count):
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", **self.push_blob(config.encode())}
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", **self.push_blob(bytes(1024))}
        for number in range(count):
            manifest = json.dumps({
                "schemaVersion": 2, "mediaType": TYPE, "config": config, "layers": [layer],
                "annotations": {"number": str(number)},
            }).encode()
            self.ask("PUT", self.manifest(digest(manifest)), manifest, {"Content-Type": TYPE})
            yield digest(manifest)

    def manifest(self, digest):
        return f"/v2/{self.path}/manifests/{digest}"


async def carry(reader, writer, delay, first):
    """Carries bytes, each after its time; what is under way at once arrives at once."""
    loop = asyncio.get_running_loop()
    due = loop.time() + first
    queue = asyncio.Queue()

    async def deliver():
        while True:
            when, data = await queue.get()
            await asyncio.sleep(max(0, when - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    delivery = asyncio.create_task(deliver())
    try:
        while data := await reader.read(1 << 16):
            await queue.put((max(due, loop.time()) + delay, data))
    except OSError:
        pass
    await queue.put((loop.time() + delay, b""))
    await asyncio.gather(delivery, return_exceptions=True)


async def serve(registry, seconds, work):
    host, port = registry.rsplit(":", 1)

    async def handle(reader, writer):
        try:
            back, forth = await asyncio.open_connection(host, int(port))
            await asyncio.gather(carry(reader, forth, seconds / 2, seconds), carry(back, writer, seconds / 2, 0))
        except asyncio.CancelledError:
            pass  # The command has ended, and with it the road; who is still on it is nobody's concern.

    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=256)
    return await asyncio.get_running_loop().run_in_executor(None, work, server.sockets[0].getsockname()[1])


def main():
    registry, path, count, milliseconds, *command = sys.argv[1:]
    repository = Repository(registry, path)
    digests = list(repository.push_manifests(int(count)))

    with tempfile.NamedTemporaryFile("w") as file:
        print(*digests, sep="\n", file=file, flush=True)

        def work(port):
            return subprocess.run([*command, f"127.0.0.1:{port}/{path}", file.name]).returncode

        status = asyncio.run(serve(registry, int(milliseconds) / 1000, work))
    repository = Repository(registry, path)
    for each in digests:
        repository.ask("DELETE", repository.manifest(each))
    sys.exit(status)


main()
