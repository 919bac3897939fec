#!/usr/bin/env python3
"""Looks at an environment on Modal without Pinion: with git, skopeo, Modal's SDK and nothing else.

  look.py REPOSITORY ENVIRONMENT [BRANCH]

Fails when a digest of the records is not what the OCI registry has or what the app says, when something is wanted and not
run, or when a lease is held. Prints what two runs to the same end have in common, as JSON: no times, runs, versions of
apps, and no commits of records, as that of a pin has its time in it, and a later run builds from a later one.
"""

import hashlib
import json
import subprocess
import sys
import time

import modal


def output(*command: str) -> bytes:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def git(*arguments: str) -> str:
    return output("git", "-C", repository, *arguments).decode()


def wrong(text: str) -> None:
    print(f"wrong: {environment}: {text}", file=sys.stderr)
    failures.append(text)


def in_registry(pin: str) -> str:
    """The digest of the manifest that the OCI registry has, from its bytes."""
    try:
        raw = output("skopeo", "inspect", "--tls-verify=false", "--raw", "docker://" + pin)
    except subprocess.CalledProcessError:
        return "nothing"
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def content_tags(repository: str) -> list[str]:
    """The tags that keep what is pinned from being cleaned away."""
    tags = json.loads(output("skopeo", "list-tags", "--tls-verify=false", "docker://" + repository))["Tags"]
    return [tag for tag in tags if tag.startswith("src-")]


def without(value: dict, name: str) -> dict:
    return {key: inner for key, inner in value.items() if key != name}


def app_tags(name: str) -> dict[str, str]:
    return dict(modal.App.lookup(name, environment_name=environment).get_tags())


def processor(record: dict) -> dict:
    ref = record["ref"]
    desired, applied = (without(record.get(name) or {}, "commit") for name in ("desired", "applied"))
    if applied != desired:
        wrong(f"{ref} wants {desired} and runs {applied}")
    for pin in applied.get("pins", {}).values():
        if (found := in_registry(pin)) != pin.partition("@")[2]:
            wrong(f"{ref} is recorded as {pin}, and the OCI registry has {found}")
    name, _, version = ref.partition("@")
    tags = app_tags(f"{name.replace('/', '-').replace('_', '-')}-v{version}")
    digest = applied.get("pins", {}).get("amd64", "").partition("@sha256:")[2]
    if (deployed := tags.get("digest-0", "") + tags.get("digest-1", "")) != digest:
        wrong(f"{ref} is recorded as {digest}, and its app says {deployed}")
    return {
        "runs": applied,
        "evidence": [without(proof, "testedAt") for proof in record["evidence"]],
        "hold": record.get("hold"),
        "binding": without(record.get("binding") or {}, "version"),
        "tags": tags,
    }


repository, environment, *branch = sys.argv[1:]
failures: list[str] = []
reference = f"refs/pinion/env/{environment}"
files = git("ls-tree", "-r", "--name-only", reference).splitlines()
records = [json.loads(git("show", f"{reference}:{file}")) for file in files if file.startswith("processors/")]
for file in files:
    # A lease that was given back stays, with its end in the past.
    if file.startswith("leases/") and json.loads(git("show", f"{reference}:{file}"))["expiresAt"] > time.time():
        wrong(f"{file} is held")
if not records:
    wrong("nothing is recorded")
seen: dict = {"processors": {record["ref"]: processor(record) for record in records}}
places = {pin.partition("@")[0] for it in seen["processors"].values() for pin in it["runs"]["pins"].values()}
seen["secrets"] = sorted(secret.name for secret in modal.Secret.objects.list(environment_name=environment))
# What is only followed by its tag is built by nobody, and recorded by nobody.
seen["builds"] = {}
if git("for-each-ref", "refs/pinion/builds"):
    for file in git("ls-tree", "-r", "--name-only", "refs/pinion/builds").splitlines():
        seen["builds"][file] = without(json.loads(git("show", f"refs/pinion/builds:{file}")), "commit")
seen["contentTags"] = sorted(tag for place in places for tag in content_tags(place))
for name in branch:
    # The specs with their pins, byte for byte, and the commits that got them there.
    seen["registry"] = git("rev-parse", f"{name}:registry").strip()
    seen["commits"] = sorted(git("log", "--format=%s", name).splitlines())
print(json.dumps(seen, indent=2, sort_keys=True))
sys.exit(1 if failures else 0)
