"""The Docker engine, by its API: pulls what is deployed and runs it behind the endpoint that was handed out."""

import base64
import datetime
import json
import os
import urllib.parse

import aiohttp

# Of each frame of a log: descriptor, three zeros, size.
FRAME = 8


class Engine:
    """Containers of one stand-in, all with its label. Values go in a request's body, never into an argument list."""

    def __init__(self, label: str) -> None:
        address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not address.startswith("unix://"):
            raise SystemExit("the stand-in runs containers on a local engine's socket only")
        connector = aiohttp.UnixConnector(path=address.removeprefix("unix://"))
        self._http = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300))
        self.label = label

    async def _call(self, method: str, path: str, body: dict | None = None, headers: dict | None = None):
        async with self._http.request(method, f"http://docker{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def pull(self, image: str, credentials: dict[str, str]) -> str:
        """Pulls an image that is not here; says what went wrong, or nothing."""
        status, _ = await self._call("GET", f"/images/{image}/json")
        if status == 200:
            return ""
        headers = {}
        if credentials:
            login = {"username": credentials["REGISTRY_USERNAME"], "password": credentials["REGISTRY_PASSWORD"]}
            login["serveraddress"] = image.split("/")[0]
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(json.dumps(login).encode()).decode()
        path = "/images/create?fromImage=" + urllib.parse.quote(image, safe="")
        status, text = await self._call("POST", path, headers=headers)
        if status != 200:
            return f"unable to pull {image}: {json.loads(text)['message']}"
        errors = [json.loads(line)["error"] for line in text.splitlines() if "error" in json.loads(line)]
        return f"unable to pull {image}: {errors[0]}" if errors else ""

    async def run(self, image: str, port: int, environment: dict[str, str], memory_mb: int) -> tuple[str, str]:
        """Starts a container; gives its id and the address of `port` on loopback.

        Modal has the images of what is deployed for itself: one that somebody has removed from this engine is pulled again.
        """
        if error := await self.pull(image, {}):
            raise RuntimeError(error)
        body = {
            "Image": image,
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Labels": {"dev.pinion.standin": self.label},
            "ExposedPorts": {f"{port}/tcp": {}},
            "HostConfig": {
                "PortBindings": {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
                "Memory": memory_mb << 20,
            },
        }
        status, text = await self._call("POST", "/containers/create", body)
        if status != 201:
            raise RuntimeError(f"the engine made no container: {json.loads(text)['message']}")
        container = json.loads(text)["Id"]
        status, text = await self._call("POST", f"/containers/{container}/start")
        if status != 204:
            await self.remove(container)
            raise RuntimeError(f"the engine started no container: {json.loads(text)['message']}")
        _, text = await self._call("GET", f"/containers/{container}/json")
        binding = json.loads(text)["NetworkSettings"]["Ports"][f"{port}/tcp"][0]
        return container, f"127.0.0.1:{binding['HostPort']}"

    async def logs(self, container: str) -> list[tuple[float, int, str]]:
        """Time, descriptor and line of all that a container wrote, oldest first."""
        path = f"http://docker/containers/{container}/logs?stdout=true&stderr=true&timestamps=true"
        async with self._http.get(path) as answer:
            data, lines = await answer.read(), []
        while len(data) >= FRAME:
            size = int.from_bytes(data[4:FRAME], "big")
            stamp, _, text = data[FRAME : FRAME + size].decode(errors="replace").partition(" ")
            # Nanoseconds are more digits than fromisoformat takes.
            time = datetime.datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()
            lines.append((time, data[0], text))
            data = data[FRAME + size :]
        return lines

    async def remove(self, container: str) -> None:
        await self._call("DELETE", f"/containers/{container}?force=true&v=true")

    async def sweep(self) -> None:
        """Removes every container of this state folder, also what a stand-in that was killed had left."""
        filters = urllib.parse.quote(json.dumps({"label": [f"dev.pinion.standin={self.label}"]}))
        _, text = await self._call("GET", f"/containers/json?all=true&filters={filters}")
        for container in json.loads(text):
            await self.remove(container["Id"])

    async def close(self) -> None:
        await self.sweep()
        await self._http.close()
