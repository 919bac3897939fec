"""Web endpoints: one listener on loopback per function. It asks for the proxy keys and hands on HTTP and WebSocket."""

import asyncio
import hmac
import secrets
import socket
import time

import aiohttp
from aiohttp import web

from .engine import Engine

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host"}
PRIVATE = {"modal-key", "modal-secret"}
MESSAGE_LIMIT = 2 << 20
CALL = "__modal_function_call_id"


class Endpoints:
    """URLs are handed out, not computed: a function's port is the system's choice, kept over a restart if it can be."""

    def __init__(self, plane) -> None:
        self.plane = plane
        self.key = "wk-" + secrets.token_hex(8)
        self.secret = "ws-" + secrets.token_hex(8)
        self._runners: dict[str, web.AppRunner] = {}
        self._running: dict[str, tuple[str, str, str]] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._listening = asyncio.Lock()
        self._late: dict[str, asyncio.Task[aiohttp.ClientResponse]] = {}
        self._http: aiohttp.ClientSession | None = None

    async def url(self, function_id: str) -> str:
        async with self._listening:
            if function_id not in self._runners:
                await self._listen(function_id)
        return f"http://127.0.0.1:{self.plane.state['ports'][function_id]}"

    async def reopen(self) -> None:
        """Listens again for every function that had a port before a restart."""
        for function_id in list(self.plane.state["ports"]):
            await self.url(function_id)

    async def _listen(self, function_id: str) -> None:
        ports = self.plane.state["ports"]
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", ports.get(function_id, 0)))
        except OSError:
            listener.bind(("127.0.0.1", 0))

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(function_id, request)

        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        self._runners[function_id] = runner
        before, ports[function_id] = ports.get(function_id), listener.getsockname()[1]
        for definition in self.plane.state["definitions"].values():
            if before and definition.get("web_url") == f"http://127.0.0.1:{before}":
                definition["web_url"] = f"http://127.0.0.1:{ports[function_id]}"
        self.plane.state.changed()

    async def _serve(self, function_id: str, request: web.Request) -> web.StreamResponse:
        definition_id = self.plane.live_definition(function_id)
        if definition_id is None:
            return web.Response(status=404, text="modal-http: app for invoked web endpoint is stopped")
        function = self.plane.definition(definition_id)
        if function.webhook_config.requires_proxy_auth and not self._allowed(request):
            return web.Response(status=401, text="modal-http: missing credentials for proxy authorization")
        if self.plane.engine is None:
            return web.Response(status=503, text="the stand-in was started without --docker: nothing runs here")
        try:
            address = await self._address(function_id, definition_id, function, self.plane.engine)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._web_socket(request, address)
            return await self._hand_on(request, address)
        except (RuntimeError, OSError, aiohttp.ClientError) as error:
            return web.Response(status=502, text=f"the stand-in reached no server: {error}")

    def _allowed(self, request: web.Request) -> bool:
        key, secret = request.headers.get("Modal-Key", ""), request.headers.get("Modal-Secret", "")
        return hmac.compare_digest((key + "\0" + secret).encode(), f"{self.key}\0{self.secret}".encode())

    async def _address(self, function_id: str, definition_id: str, function, engine: Engine) -> str:
        """Where the function's container listens; the first request of a definition pays its start."""
        async with self._starting.setdefault(function_id, asyncio.Lock()):
            fresh = f"{definition_id} {self._generation(function_id)}"
            known = self._running.get(function_id)
            if known is not None and known[0] == fresh:
                return known[2]
            if known is not None:
                await engine.remove(known[1])
            environment = dict(self.plane.image(function.image_id)["environment"])
            for secret_id in function.secret_ids:
                environment |= self.plane.values.get(secret_id, {})
            port = function.webhook_config.web_server_port
            image = self.plane.image(function.image_id)["from"]
            container, address = await engine.run(image, port, environment, function.resources.memory_mb)
            self._running[function_id] = (fresh, container, address)
            await self._until_listening(address, function.webhook_config.web_server_startup_timeout)
            return address

    async def logs(self, function_id: str) -> list[tuple[float, int, str]]:
        """What the function's container wrote: time, descriptor (1 and 2) and line."""
        known = self._running.get(function_id)
        return await self.plane.engine.logs(known[1]) if known is not None and self.plane.engine is not None else []

    def _generation(self, function_id: str) -> int:
        """The app's version: a rollover has the same definition and still wants a new container."""
        app = self.plane.state["apps"][self.plane.state["functions"][function_id]["app"]]
        return app["versions"][-1]["version"]

    async def _until_listening(self, address: str, seconds: float) -> None:
        """Waits for an HTTP answer of any kind: the engine's own proxy accepts connections before the server does."""
        until = time.monotonic() + max(seconds, 5)
        while True:
            try:
                async with self._session().get(f"http://{address}/", timeout=aiohttp.ClientTimeout(total=2)):
                    return
            except (TimeoutError, aiohttp.ClientError, OSError):
                if time.monotonic() > until:
                    raise RuntimeError("the server did not listen in time") from None
                await asyncio.sleep(0.05)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None))
        return self._http

    def _headers(self, headers) -> dict[str, str]:
        return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP | PRIVATE}

    async def _hand_on(self, request: web.Request, address: str) -> web.StreamResponse:
        """The server's answer, or, when it takes too long to begin, a 303 to where it can be had later."""
        answering = self._late.pop(request.query.get(CALL, ""), None)
        if answering is None:
            answering = asyncio.ensure_future(
                self._session().request(
                    request.method,
                    f"http://{address}{request.raw_path}",
                    headers=self._headers(request.headers),
                    data=await request.read(),
                    allow_redirects=False,
                )
            )
        await asyncio.wait([answering], timeout=self.plane.http_limit)
        if not answering.done():
            call = "fc-" + secrets.token_hex(11)
            self._late[call] = answering
            later = request.url.with_query({CALL: call})
            return web.Response(status=303, headers={"Location": str(later)})
        async with answering.result() as answer:
            response = web.StreamResponse(status=answer.status, headers=self._headers(answer.headers))
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async def _web_socket(self, request: web.Request, address: str) -> web.StreamResponse:
        protocols = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if part]
        headers = {k: v for k, v in self._headers(request.headers).items() if not k.lower().startswith("sec-")}
        async with self._session().ws_connect(
            f"http://{address}{request.raw_path}", protocols=protocols, headers=headers, max_msg_size=MESSAGE_LIMIT
        ) as inner:
            chosen = [inner.protocol] if inner.protocol else []
            outer = web.WebSocketResponse(protocols=chosen, max_msg_size=MESSAGE_LIMIT)
            await outer.prepare(request)
            pumps = [asyncio.ensure_future(self._pump(outer, inner)), asyncio.ensure_future(self._pump(inner, outer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            return outer

    async def _pump(self, source, target) -> None:
        async for message in source:
            if message.type == aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await target.send_bytes(message.data)
        await target.close(code=source.close_code if source.close_code in range(1000, 5000) else 1011)

    async def close(self) -> None:
        for answering in self._late.values():
            answering.cancel()
        for runner in self._runners.values():
            await runner.cleanup()
        if self._http is not None:
            await self._http.close()
