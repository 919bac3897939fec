"""An OCI registry that is far away: fills a repository of a real one, and puts a road of 50 ms in front of it.

    far_registry.py REGISTRY REPOSITORY COUNT MILLISECONDS COMMAND...

Pushes COUNT manifests of one small image, each with an annotation of its own, to REGISTRY (host:port, plain HTTP), runs
COMMAND with two arguments more, the repository by way of the road and a file of the digests, one a line, and removes the
manifests. Bytes take half of MILLISECONDS each way; a new connection costs MILLISECONDS before its first byte, as a
handshake does.
"""

import asyncio
import subprocess
import sys
import tempfile

from oci_repository import Repository


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
    """What `work` gives that is called, on a thread of its own, with the port of a road to that host:port."""
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
    digests = list(repository.push_images(int(count)))

    with tempfile.NamedTemporaryFile("w") as file:
        print(*digests, sep="\n", file=file, flush=True)

        def work(port):
            return subprocess.run([*command, f"127.0.0.1:{port}/{path}", file.name]).returncode

        status = asyncio.run(serve(registry, int(milliseconds) / 1000, work))
    repository.remove()
    sys.exit(status)


if __name__ == "__main__":
    main()
