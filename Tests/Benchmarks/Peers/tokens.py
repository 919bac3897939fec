"""Tokens of runs: Pinion's client beside Python's, from one native server, in turn; prints the figures as Markdown.

    tokens.py TOKEN_SERVER BENCH_CLIENT

A peer that is not there is named and left out. PINION_BENCH_PYTHON names the Python that has the peers.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.environ.get("PINION_BENCH_PYTHON", sys.executable)
PINION = "pinion"
# Title, Pinion's transport, peers, runs at once, tokens of each.
CONTESTS = [
    ("one run over WebSocket", "websocket", ["websockets", "aiohttp"], 1, 400_000),
    ("64 runs over WebSocket at once", "websocket", ["websockets", "aiohttp"], 64, 12_500),
    ("one run over an event stream", "events", ["httpx", "aiohttp-events"], 1, 400_000),
    ("64 runs over event streams at once", "events", ["httpx", "aiohttp-events"], 64, 12_500),
]
ROUNDS = 5


class Server:
    """The native server, for runs of so many tokens."""

    def __init__(self, program, tokens):
        self.process = subprocess.Popen([program, str(tokens)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = self.process.stdout.readline().decode().strip()

    def __enter__(self):
        return self.port

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def measured(command):
    """Tokens, seconds, processor seconds as the program says; its largest memory in MiB as the system does."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read().split()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return int(output[0]), float(output[1]), float(output[2]), usage.ru_maxrss / 1024


def is_there(peer):
    module = peer.partition("-")[0]
    return subprocess.run([PYTHON, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def contest(server, client, title, transport, peers, runs, tokens):
    programs = {PINION: [client, transport]}
    programs |= {peer: [PYTHON, os.path.join(HERE, "token_clients.py"), peer] for peer in peers if is_there(peer)}
    results = {name: [] for name in programs}
    with Server(server, tokens) as port:
        for _ in range(ROUNDS):
            for name, command in programs.items():
                results[name].append(measured([*command, port, str(runs), str(tokens)]))
    print(f"| {title}, median of {ROUNDS} | tokens/s | processor, µs/token | memory, MiB |")
    print("| --- | ---: | ---: | ---: |")
    rates = {name: statistics.median(run[0] / run[1] for run in done) for name, done in results.items()}
    costs = {name: statistics.median(run[2] / run[0] for run in done) * 1e6 for name, done in results.items()}
    for name, done in results.items():
        print(f"| {name} | {rates[name]:,.0f} | {costs[name]:.2f} | {max(run[3] for run in done):.0f} |")
    for peer in peers:
        if peer not in results:
            print(f"| {peer} | not here | | |")
    others = [name for name in results if name != PINION]
    if others:
        cost, rate = costs[PINION] / min(costs[n] for n in others), rates[PINION] / max(rates[n] for n in others)
        print(f"| : the fastest peer | {rate:.1f} | {cost:.2f} | |")
    print()


def memory(server, client):
    """Whether ten times the tokens take more memory."""
    print("| Pinion's memory, MiB | 100,000 tokens | 1,000,000 tokens | 4,000,000 tokens |")
    print("| --- | ---: | ---: | ---: |")
    for transport in ("websocket", "events"):
        row = []
        for tokens in (100_000, 1_000_000, 4_000_000):
            with Server(server, tokens) as port:
                row.append(f"{measured([client, transport, port, '1', str(tokens)])[3]:.1f}")
        print(f"| one run, {transport} | {' | '.join(row)} |")


if __name__ == "__main__":
    for figures in CONTESTS:
        contest(*sys.argv[1:3], *figures)
    memory(*sys.argv[1:3])
