#!/usr/bin/env python3
"""Counts lines, words and characters of a text: a sample of a tool.

The inputs are flags, the context is on stdin. One output is a file below outputs/, one is a value of the answer, which is
the last line of stdout.
"""

import argparse
import collections
import json
import pathlib
import sys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", required=True)
    parser.add_argument("--top", type=int, default=10)
    flags = parser.parse_args()
    context = json.load(sys.stdin)

    text = flags.text
    if text.startswith("/artifacts/"):
        text = pathlib.Path(context["world_mount"] + text).read_text(encoding="utf-8")
    words = collections.Counter(text.lower().split())
    print(f"{len(text)} characters to count", file=sys.stderr)

    ranked = sorted(words.items(), key=lambda entry: (-entry[1], entry[0]))[: flags.top]
    lines = "".join(f"{count} {word}\n" for word, count in ranked)
    pathlib.Path("outputs/words.txt").write_text(lines, encoding="utf-8")
    counts = {"characters": len(text), "lines": text.count("\n"), "words": words.total()}
    print(json.dumps({"outputs": {"counts": counts}, "usage": {"characters": len(text)}}))


main()
