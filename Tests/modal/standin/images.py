"""Images and the mounts that a deploy uploads. A build is recorded; with an engine, its base image is pulled."""

import asyncio
import hashlib
import re
import shlex

from google.protobuf.json_format import MessageToDict
from grpclib import GRPCError, Status
from modal_proto import api_pb2 as api

from .names import check_name, missing, refuse

BUILDER = "2025.06"
BY_DIGEST = re.compile(r"FROM (\S+@sha256:[0-9a-f]{64})")


class Images:
    def image(self, image_id: str) -> dict:
        if image_id not in self.state["images"]:
            raise missing(f"No image with id {image_id!r}")
        return self.state["images"][image_id]

    async def ImageGetOrCreate(self, request):
        """The same definition is the same image, whoever asks: that is Modal's cache."""
        content = MessageToDict(request.image, preserving_proto_field_name=True)
        image_id = "im-" + hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()[:22]
        if image_id not in self.state["images"]:
            bases = [base.image_id for base in request.image.base_images]
            parent = self.image(bases[0]) if bases else {}
            found = BY_DIGEST.fullmatch(request.image.dockerfile_commands[0]) if not bases else None
            secret_id = request.image.image_registry_config.secret_id
            if secret_id and self.secret(secret_id)["keys"] != ["REGISTRY_PASSWORD", "REGISTRY_USERNAME"]:
                raise refuse("Registry Secret must have exactly the keys REGISTRY_USERNAME and REGISTRY_PASSWORD")
            environment = dict(parent.get("environment", {}))
            for command in request.image.dockerfile_commands:
                if command.startswith("ENV "):
                    name, _, value = shlex.split(command[4:])[0].partition("=")
                    environment[name] = value
            self.state["images"][image_id] = {
                "from": parent.get("from") or (found and found[1]) or "",
                "commands": list(request.image.dockerfile_commands),
                "bases": bases,
                "environment": environment,
                "registry_secret": secret_id or parent.get("registry_secret", ""),
                "built": False,
            }
            self.state.changed()
        answer = api.ImageGetOrCreateResponse(image_id=image_id)
        if self.state["images"][image_id]["built"]:
            answer.result.status = api.GenericResult.GENERIC_STATUS_SUCCESS
            answer.metadata.CopyFrom(self.metadata())
        return answer

    def metadata(self) -> api.ImageMetadata:
        return api.ImageMetadata(python_version_info="Python 3.11.2", image_builder_version=BUILDER)

    async def ImageJoinStreaming(self, request):
        image = self.image(request.image_id)
        logs = [api.TaskLogs(data=f"Building {image['from']}\n")]
        yield api.ImageJoinStreamingResponse(task_logs=logs, entry_id="1-0")
        answer = api.ImageJoinStreamingResponse(entry_id="2-0", eof=True)
        problem = await self.build_problem(request.image_id, image)
        if problem:
            answer.result.status = api.GenericResult.GENERIC_STATUS_FAILURE
            answer.result.exception = problem
        else:
            image["built"] = True
            self.state.changed()
            answer.result.status = api.GenericResult.GENERIC_STATUS_SUCCESS
            answer.metadata.CopyFrom(self.metadata())
        yield answer

    async def build_problem(self, image_id: str, image: dict) -> str:
        failure = self.failures.take("ImageBuild", "")
        if failure is not None:
            await asyncio.sleep(failure.seconds)
            if failure.mode == "failed_build":
                return failure.message or f"unable to pull {image['from']}: manifest unknown"
        if self.engine is not None and not image["bases"] and image["from"]:
            return await self.engine.pull(image["from"], self.values.get(image["registry_secret"], {}))
        return ""

    async def ImageFromId(self, request):
        self.image(request.image_id)
        return api.ImageFromIdResponse(image_id=request.image_id, metadata=self.metadata())

    def full_name(self, tag: str) -> str:
        """`environment/name:tag` of a name that may lack its environment."""
        environment, _, name = tag.rpartition("/")
        for part in name.split(":"):
            check_name(part, "Image")
        return f"{self.environment(environment)}/{name}"

    async def ImagePublish(self, request):
        if not self.image(request.image_id)["built"]:
            raise GRPCError(Status.FAILED_PRECONDITION, f"image {request.image_id} was not built")
        self.state["image_names"][self.full_name(request.tag)] = request.image_id
        self.state.changed()
        return api.ImagePublishResponse(image_id=request.image_id)

    async def ImageGetByTag(self, request):
        name = self.full_name(request.tag)
        if name not in self.state["image_names"]:
            raise missing(f"No image named {name!r}")
        return api.ImageGetByTagResponse(image_id=self.state["image_names"][name])

    # Mounts

    async def MountBatchedCheckExistence(self, request):
        hashes = [digest for digest in request.sha256_hex_hashes if digest not in self.state["files"]]
        return api.MountBatchedCheckExistenceResponse(missing_sha256_hex_hashes=hashes)

    async def MountPutFile(self, request):
        if request.data and hashlib.sha256(request.data).hexdigest() == request.sha256_hex:
            self.state["files"][request.sha256_hex] = len(request.data)
            self.state.changed()
        return api.MountPutFileResponse(exists=request.sha256_hex in self.state["files"])

    async def MountGetOrCreate(self, request):
        """A mount of files has an id by its content; one of Modal's own (the client, a Python) is taken as there."""
        files = sorted((file.filename, file.sha256_hex) for file in request.files)
        for _, digest in files:
            if digest not in self.state["files"]:
                raise missing(f"file {digest} was not uploaded")
        checksum = hashlib.sha256(repr((request.deployment_name, files)).encode()).hexdigest()
        mount_id = f"mo-{checksum[:22]}"
        self.state["mounts"][mount_id] = request.deployment_name or [name for name, _ in files]
        self.state.changed()
        handle = api.MountHandleMetadata(content_checksum_sha256_hex=checksum)
        return api.MountGetOrCreateResponse(mount_id=mount_id, handle_metadata=handle)
