"""What a script of this kind does in Python: read every spec of a commit through git, load it with PyYAML's C parser.

    python3 pyyaml_loader.py REPOSITORY

Exits with 69 where PyYAML or its C parser is lacking.
"""

import subprocess
import sys

try:
    from yaml import CSafeLoader, load
except ImportError as error:
    print(f"PyYAML with its C parser is lacking: {error}", file=sys.stderr)
    sys.exit(69)


def is_spec(path):
    return path.endswith("/registry.yaml") or path.startswith("registry/") and path.endswith(".yaml")


def blobs(repository):
    """The ids of the blobs of all specs at HEAD."""
    listing = subprocess.run(
        ["git", "-C", repository, "ls-tree", "-r", "-z", "HEAD"], check=True, capture_output=True
    ).stdout.decode()
    for line in listing.split("\0"):
        facts, _, path = line.partition("\t")
        if is_spec(path):
            yield facts.split()[2]


def main(repository):
    wanted = list(blobs(repository))
    reader = subprocess.run(
        ["git", "-C", repository, "cat-file", "--batch"],
        input="".join(name + "\n" for name in wanted).encode(), check=True, capture_output=True,
    )
    place, specs = 0, {}
    for _ in wanted:
        end = reader.stdout.index(b"\n", place)
        size = int(reader.stdout[place:end].split()[2])
        text = reader.stdout[end + 1 : end + 1 + size]
        place = end + size + 2
        spec = load(text, Loader=CSafeLoader)
        specs[spec.get("ref") or spec.get("id")] = spec
    print(f"{len(specs)} specs")


main(sys.argv[1])
