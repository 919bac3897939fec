"""BLAKE3 of one GiB: Pinion's beside b3sum with one thread, in turn; prints the figures as Markdown.

    content_hashes.py BENCH_CLIENT
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 7


def measured(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read().decode().split()[0].removeprefix("b3:")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, output


if __name__ == "__main__":
    programs = {"pinion, one thread": [sys.argv[1], "blake3"]}
    peers = {"b3sum --num-threads 1": ["--num-threads", "1"], "b3sum --num-threads 1 --no-mmap": ["--num-threads", "1", "--no-mmap"]}
    if shutil.which("b3sum"):
        programs |= {name: ["b3sum", *options] for name, options in peers.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "gibibyte")
        with open(path, "wb") as file:
            piece = bytes(range(251)) * 4178
            for number in range(1024):
                file.write(number.to_bytes(4, "big") + piece[: (1 << 20) - 4])
        results = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, command in programs.items():
                results[name].append(measured([*command, path]))
    if len({run[2] for done in results.values() for run in done}) != 1:
        raise SystemExit("the hashes differ")
    print(f"| BLAKE3 of 1 GiB, median of {ROUNDS} | wall, ms | processor, ms | GiB/s of processor time |")
    print("| --- | ---: | ---: | ---: |")
    for name, done in results.items():
        wall, processor = (statistics.median(run[i] for run in done) for i in (0, 1))
        print(f"| {name} | {wall * 1000:.0f} | {processor * 1000:.0f} | {1 / processor:.2f} |")
    for name in peers:
        if name not in results:
            print(f"| {name} | not here (Debian: b3sum) | | |")
