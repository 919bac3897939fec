"""What a mock run costs beyond starting a container by hand: `docker run` until the first healthy answer, beside
`pinion run_processor`, which also checks envelope, index and bytes, keeps the outputs and removes the container.

    local_smoke.py PINION REPOSITORY REF [ROUNDS]

REPOSITORY has the processor pinned (make demo leaves one in .build/demo/registry.git). Both take turns.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request


def call(arguments, environment=None):
    return subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment).stdout.strip()


def by_hand(image):
    """Seconds until the first healthy answer, and until the container is gone as well."""
    start = time.monotonic()
    container = call(["docker", "run", "--detach", "--publish", "127.0.0.1::8000", image])
    port = call(["docker", "port", container, "8000"]).rsplit(":", 1)[1]
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if json.load(answer).get("ok"):
                    break
        except OSError:
            time.sleep(0.005)
    healthy = time.monotonic() - start
    call(["docker", "rm", "--force", container])
    return healthy, time.monotonic() - start


def by_pinion(pinion, repository, ref, data):
    environment = {**os.environ, "XDG_DATA_HOME": data}
    start = time.monotonic()
    envelope = json.loads(
        call([pinion, "run_processor", "--repo", repository, "--pins", "commit", "--ref", ref, "--mode", "mock",
              "--json"], environment))
    assert envelope["status"] == "success"
    return time.monotonic() - start, envelope["meta"]["image_digest"]


def main():
    pinion, repository, ref = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    with tempfile.TemporaryDirectory() as data:
        _, digest = by_pinion(pinion, repository, ref, data)
        images = call(["docker", "images", "--digests", "--format", "{{.Repository}}@{{.Digest}}"]).split()
        image = next(name for name in images if name.endswith(digest))
        by_hand(image)
        healthy, gone, whole = [], [], []
        for _ in range(rounds):
            first, second = by_hand(image)
            healthy.append(first)
            gone.append(second)
            whole.append(by_pinion(pinion, repository, ref, data)[0])
    first, second, run = (statistics.median(times) * 1000 for times in (healthy, gone, whole))
    print(f"| a mock run of {ref}, median of {rounds} | wall, ms | : by hand |")
    print("| --- | ---: | ---: |")
    print(f"| docker run, until the first healthy answer | {first:.0f} | 1 |")
    print(f"| the same, and docker rm --force | {second:.0f} | {second / first:.2f} |")
    print(f"| pinion run_processor, whole | {run:.0f} | {run / first:.2f} |")


main()
