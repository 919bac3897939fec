"""The sample media/metadata@1 as an image of the OCI registry, put together without a builder out of what is there."""

import gzip
import importlib.machinery
import importlib.util
import io
import os
import tarfile

from conftest import ROOT

REPOSITORY = "standin/media-metadata"
COMMAND = ["python3", "-m", "app.server"]
ENV = {"PYTHONPATH": "/site-packages:/", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PORT": "8000"}


def _seeds():
    loader = importlib.machinery.SourceFileLoader("seed_images", str(ROOT / ".ci" / "seed-images"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("seed_images", loader))
    loader.exec_module(module)
    return module


def put(address, repository=REPOSITORY, command=COMMAND):
    """Pushes the image and gives its reference by digest. The same sources make the same digest each time."""
    seeds = _seeds()
    registry = seeds.Registry(address)
    architecture = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[os.uname().machine]

    def platform(name):
        index = registry.manifest(name, "3")
        chosen = next(each for each in index["manifests"] if each["platform"]["architecture"] == architecture)
        return registry.manifest(name, chosen["digest"])

    wheels = "pinion/wheels-websockets"
    tree = seeds.folder_tree(ROOT / "registry" / "processors" / "media_metadata" / "app", "app")
    for descriptor in platform(wheels)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(registry.blob(wheels, descriptor["digest"])))) as tar:
            for member in tar:
                if member.isfile() and member.name.startswith("site-packages/"):
                    tree[member.name] = ("file", 0o644, tar.extractfile(member).read())
    settings = {"Env": [f"{name}={value}" for name, value in ENV.items()], "Entrypoint": command, "User": "65532:65532"}
    below = ("pinion/python", platform("pinion/python"))
    pushed = registry.push_image(repository, architecture, tree, settings, below)
    return f"{address}/{repository}@{pushed['digest']}"
