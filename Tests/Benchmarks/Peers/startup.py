"""What starting Pinion costs, beside other programs that are typed as often.

    startup.py PINION [ROUNDS]

Each program starts, answers and ends, in turn, from a warm disk; medians, least and most of ROUNDS (default 60) in milliseconds. A
peer that is not there is left out.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def milliseconds(command, folder):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    return (time.perf_counter() - start) * 1000


def main():
    pinion = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    commands = [
        ("true", ["true"]), ("git --version", ["git", "--version"]), ("docker --version", ["docker", "--version"]),
        ("terraform -version", ["terraform", "-version"]), ("python3 -c pass", ["python3", "-c", "pass"]),
        ("pinion --version", [pinion, "--version"]), ("pinion help lanes", [pinion, "help", "lanes"]),
        ("pinion plan --help", [pinion, "plan", "--help"]), ("completion of --env, outside of a repository", [
            pinion, "---completion", "plan", "--", "--env", "1", "0", "pinion", ""]),
    ]
    commands = [(name, command) for name, command in commands if shutil.which(command[0])]
    times = {name: [] for name, _ in commands}
    with tempfile.TemporaryDirectory() as folder:
        for round in range(rounds + 3):
            for name, command in commands:
                elapsed = milliseconds(command, folder)
                if round >= 3:
                    times[name].append(elapsed)
    medians = {name: statistics.median(all) for name, all in times.items()}
    print(f"| start-up, median of {rounds} | ms | least | most |")
    print("| --- | ---: | ---: | ---: |")
    for name, all in times.items():
        print(f"| {name} | {medians[name]:.1f} | {min(all):.1f} | {max(all):.1f} |")
    print("\n| ratio | |\n| --- | ---: |")
    for peer in ("git --version", "docker --version", "terraform -version"):
        if peer in medians:
            print(f"| pinion --version : {peer} | {medians['pinion --version'] / medians[peer]:.2f} |")
    size = os.path.getsize(os.path.realpath(pinion)) / 2**20
    print(f"\nThe program has {size:.1f} MiB.")


if __name__ == "__main__":
    main()
