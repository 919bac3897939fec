"""The one module that is deployed to Modal: an app per processor, its one function starts the image's own server.

The driver builds apps from it. By hand: put `modal_app.json` beside it (or name one by PINION_MODAL_APPS) and run
`modal deploy --env ENVIRONMENT -m modal_app` or, when the file has several apps, `-m modal_app::FUNCTION`.

In a container it is imported by the Python that is there, so it needs nothing but the standard library and `modal`.
"""

import base64
import dataclasses
import json
import os
import pathlib
import re
import subprocess
from typing import Any

import modal

BY_DIGEST = re.compile(r"[^\s@]+@sha256:([0-9a-f]{64})")
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
TAG = re.compile(r"[A-Za-z0-9._-]{1,63}")
START = "PINION_MODAL_START"
# What Modal's runtime sets for its own Python, and what would make the image's server load the wrong modules.
RESTORED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployment:
    """What one app is made of. Sizes in MiB, times in seconds; `env` and `command` are those of the image's config."""

    app: str
    function: str
    image: str
    command: list[str]
    spec: str
    port: int = 8000
    working_dir: str = ""
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    secrets: list[str] = dataclasses.field(default_factory=list)
    registry_auth: str | None = None
    add_python: str | None = None
    cpu: float | None = None
    memory_mb: int | None = None
    gpu: str | None = None
    timeout_s: int = 300
    startup_timeout_s: int = 60
    min_containers: int | None = None
    max_containers: int | None = None
    buffer_containers: int | None = None
    scaledown_window_s: int | None = None
    max_inputs: int | None = None
    public: bool = False
    managed_by: str = "pinion"
    branch: str | None = None
    user: str | None = None

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "Deployment":
        """A deployment from JSON; an unknown field is an error, for it would silently not be deployed."""
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(fields) - known):
            raise ValueError(f"unknown fields of a deployment: {', '.join(unknown)}")
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError(str(error).replace("Deployment.__init__()", "a deployment")) from None

    def __post_init__(self) -> None:
        for name in (self.app, self.function, *self.secrets):
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name for Modal: 1 to 64 of letters, digits, '-', '_' and '.'")
        if not BY_DIGEST.fullmatch(self.image):
            raise ValueError(
                f"{self.image!r} is no image by digest (repository@sha256:…): a tag may move, so none is taken"
            )
        for tag in self.tags.values():
            if not isinstance(tag, str) or not TAG.fullmatch(tag):
                raise ValueError(f"{tag!r} is no tag for Modal: 1 to 63 of letters, digits, '-', '_' and '.'")
        if not self.command or not all(isinstance(part, str) for part in self.command):
            raise ValueError(f"{self.app} has no command to start: the image's Entrypoint and Cmd are both empty")

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return self.image[-64:]

    @property
    def tags(self) -> dict[str, str]:
        """What an audit reads. A tag holds 63 characters, so the digest comes in two halves."""
        halves = {"digest-0": self.digest[:32], "digest-1": self.digest[32:]}
        origin = {"branch": self.branch, "user": self.user}
        told = {name: value for name, value in origin.items() if value is not None}
        return {**halves, "spec": self.spec, "managed-by": self.managed_by, **told}

    @property
    def binding(self) -> str:
        """The named image that ties the digest to an image id: Modal gives no digest back."""
        return f"{self.function}:{self.digest}"

    @property
    def version_tag(self) -> str:
        """Says in `modal app history` what a version ran; 50 characters are the limit."""
        return f"sha256-{self.digest[:40]}"

    def modal_image(self) -> modal.Image:
        """The image by digest, with its entrypoint taken away: Modal's own process has to come first.

        The layers depend on the image and the function's name alone, so that all apps that deploy one digest as one
        function share an image id, and one binding holds for all of them.
        """
        secret = None
        if self.registry_auth is not None:
            keys = ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"]
            secret = modal.Secret.from_name(self.registry_auth, required_keys=keys)
        start = {
            "command": self.command,
            "working_dir": self.working_dir,
            "env": {name: self.env[name] for name in RESTORED if name in self.env},
        }
        packed = base64.b64encode(json.dumps(start, separators=(",", ":"), sort_keys=True).encode()).decode()
        image = modal.Image.from_registry(self.image, secret=secret, add_python=self.add_python)
        return image.env({"IMAGE_DIGEST": f"sha256:{self.digest}", START: packed}).entrypoint([])

    def modal_app(self, image: modal.Image) -> modal.App:
        """The app with its one function. Environment values go by the image: `env=` would make a secret per deploy."""
        app = modal.App(self.app, tags=self.tags)
        served: Any = modal.web_server(
            self.port, startup_timeout=self.startup_timeout_s, requires_proxy_auth=not self.public
        )(serve)
        if self.max_inputs is not None:
            served = modal.concurrent(max_inputs=self.max_inputs)(served)
        app.function(
            name=self.function,
            image=image,
            secrets=[modal.Secret.from_name(name, required_keys=[name]) for name in self.secrets],
            cpu=self.cpu,
            memory=self.memory_mb,
            gpu=self.gpu,
            timeout=self.timeout_s,
            startup_timeout=self.startup_timeout_s,
            min_containers=self.min_containers,
            max_containers=self.max_containers,
            buffer_containers=self.buffer_containers,
            scaledown_window=self.scaledown_window_s,
        )(served)
        return app


def serve() -> None:
    """Starts the image's own command with the search paths of its config, not with those of Modal's runtime."""
    start = json.loads(base64.b64decode(os.environ[START]))
    environment = {name: value for name, value in os.environ.items() if name not in RESTORED and name != START}
    # An image without a PATH of its own has the one that Docker would give it.
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment |= start["env"]
    subprocess.Popen(start["command"], cwd=start["working_dir"] or "/", env=environment)


def _apps_by_hand() -> dict[str, modal.App]:
    """The apps of the JSON, by function name; the only one also as `app`, which is what `modal deploy` looks for."""
    beside = pathlib.Path(__file__).with_name("modal_app.json")
    file = pathlib.Path(os.environ.get("PINION_MODAL_APPS", beside))
    if not modal.is_local() or not file.exists():
        return {}
    deployments = [Deployment.read(fields) for fields in json.loads(file.read_text())["apps"]]
    apps = {each.function: each.modal_app(each.modal_image()) for each in deployments}
    return {**apps, "app": next(iter(apps.values()))} if len(apps) == 1 else apps


globals().update(_apps_by_hand())
