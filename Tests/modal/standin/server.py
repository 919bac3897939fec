"""The gRPC service: every RPC is counted, asked for a token, met by ordered failures, and then done."""

import asyncio
import collections
import inspect

from grpclib import GRPCError, Status
from modal_proto import api_grpc
from modal_proto import api_pb2 as api

from .apps import Apps
from .endpoints import Endpoints
from .engine import Engine
from .failures import Failures
from .images import BUILDER, Images
from .objects import Dicts, Environments, Secrets
from .state import State

TOKEN_ID, TOKEN_SECRET = "ak-standin", "as-standin"


class ControlPlane(Apps, Images, Environments, Secrets, Dicts):
    """All RPCs that the SDK was seen to use. What is missing here answers UNIMPLEMENTED and says its name."""

    def __init__(self, state: State, engine: Engine | None, http_limit: float) -> None:
        self.state = state
        self.http_limit = http_limit
        self.engine = engine
        self.failures = Failures()
        self.calls: collections.Counter[str] = collections.Counter()
        # Values of secrets, for containers alone: gone with the process.
        self.values: dict[str, dict[str, str]] = {}
        self.parsed: dict[str, api.Function] = {}
        self.endpoints = Endpoints(self)

    async def ClientHello(self, request):
        return api.ClientHelloResponse(image_builder_version=BUILDER)

    async def TokenInfoGet(self, request):
        return api.TokenInfoGetResponse(token_id=TOKEN_ID, workspace_name="standin")

    async def WorkspaceNameLookup(self, request):
        return api.WorkspaceNameLookupResponse(workspace_name="standin", username="standin")

    def app_of(self, request) -> str:
        """The name of the app that a request is about, as far as it says."""
        app = self.state["apps"].get(getattr(request, "app_id", ""))
        if app is not None:
            return app["name"]
        return next((v for n in ("name", "app_name", "description") if (v := getattr(request, n, ""))), "")

    async def serve(self, rpc: str, stream) -> None:
        request = await stream.recv_message()
        self.calls[rpc] += 1
        metadata = stream.metadata
        if (metadata.get("x-modal-token-id"), metadata.get("x-modal-token-secret")) != (TOKEN_ID, TOKEN_SECRET):
            raise GRPCError(Status.UNAUTHENTICATED, "Token missing or wrong")
        handler = getattr(self, rpc, None)
        if handler is None:
            raise GRPCError(Status.UNIMPLEMENTED, f"the stand-in has no {rpc}")
        failure = self.failures.take(rpc, self.app_of(request))
        if failure is not None:
            await asyncio.sleep(failure.seconds)
            if error := failure.error():
                raise error
        if inspect.isasyncgenfunction(handler):
            async for message in handler(request):
                await stream.send_message(message)
                if failure is not None and failure.mode == "close":
                    await stream.cancel()
                    return
            return
        if failure is not None and failure.mode == "close":
            await stream.cancel()
            return
        answer = await handler(request)
        if failure is not None and failure.mode == "lost":
            await stream.cancel()
            return
        await stream.send_message(answer)


def service(plane: ControlPlane) -> api_grpc.ModalClientBase:
    """The generated base class with every method handed to `plane`: it is abstract in some three hundred of them."""

    def method(name: str):
        async def call(self, stream) -> None:
            await plane.serve(name, stream)

        return call

    names = api_grpc.ModalClientBase.__abstractmethods__
    return type("Service", (api_grpc.ModalClientBase,), {name: method(name) for name in names})()
