extension ScaffoldTemplate {
    /// `app/server.py` of a processor that speaks WebSocket, with the package websockets.
    static let webSocketServer = #"""
        """Serves the processor over WebSocket: GET /healthz, and /run with the subprotocol theory.run.v1.

        A connection is one run: RunOpen comes in; Ack, any events and RunResult go out; the client closes.
        """

        import asyncio
        import json
        import os
        import signal
        import traceback
        from http import HTTPStatus

        from websockets.asyncio.server import serve
        from websockets.exceptions import ConnectionClosed

        from . import processor
        from .protocol import Run, RunError, health

        SUBPROTOCOL = "theory.run.v1"
        MESSAGE_LIMIT = 8 << 20
        CLOSE_BY_CLIENT_S = 10
        PROTOCOL_ERROR = 1002


        class Stream:
            """The events of one run on their way to the client."""

            def __init__(self, connection):
                self.connection = connection

            async def send(self, kind, **content):
                await self.connection.send(json.dumps({"kind": kind, "content": content}))

            async def token(self, text):
                await self.send("Token", text=text)

            async def log(self, message):
                await self.send("Log", msg=message)

            async def event(self, phase, **facts):
                await self.send("Event", phase=phase, **facts)


        def opened(message):
            """The content of a RunOpen frame, or ValueError with what is wrong with it."""
            frame = json.loads(message) if isinstance(message, str) else None
            if not isinstance(frame, dict) or frame.get("kind") != "RunOpen" or not isinstance(frame.get("content"), dict):
                raise ValueError("the first frame must be RunOpen")
            content = frame["content"]
            payload = content.get("payload")
            if content.get("role") != "client" or content.get("start") is not True or not isinstance(payload, dict):
                raise ValueError("RunOpen needs role client, start true and a payload")
            if not content.get("execution_id") or content["execution_id"] != payload.get("execution_id"):
                raise ValueError("RunOpen and its payload name different executions")
            return content


        async def envelope(payload, stream):
            """The envelope of a run, whatever happens in it."""
            try:
                run = Run.accept(payload, processor.REQUIRED_SECRETS)
            except RunError as error:
                return error.run.fail(error.code, error.message)
            try:
                outputs = await processor.outputs(run, stream)
                return await asyncio.to_thread(run.succeed, outputs)
            except RunError as error:
                return run.fail(error.code, error.message)
            except ConnectionClosed:
                raise
            except Exception as error:
                # Only frames and the type: the text of a foreign error may hold what nobody should read.
                print("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__, flush=True)
                return run.fail("ERR_RUNTIME", f"the processor failed: {type(error).__name__}")


        async def serve_run(connection):
            try:
                content = opened(await connection.recv())
            except (ValueError, RecursionError) as error:
                await connection.close(PROTOCOL_ERROR, str(error)[:100])
                return
            stream = Stream(connection)
            await stream.send("Ack", execution_id=content["execution_id"])
            work = asyncio.ensure_future(envelope(content["payload"], stream))
            gone = asyncio.ensure_future(connection.wait_closed())
            try:
                await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    return  # the client left: nobody waits for the result
                await stream.send("RunResult", **work.result())
                await asyncio.wait({gone}, timeout=CLOSE_BY_CLIENT_S)
            finally:
                work.cancel()
                gone.cancel()


        async def handle(connection):
            try:
                await serve_run(connection)
            except ConnectionClosed:
                pass


        def answer(connection, request):
            """An HTTP answer for everything but the upgrade to a run."""
            path = request.path.partition("?")[0]
            if path == "/healthz":
                response = connection.respond(HTTPStatus.OK, json.dumps(health()))
                del response.headers["Content-Type"]
                response.headers["Content-Type"] = "application/json"
                return response
            if path != "/run":
                return connection.respond(HTTPStatus.NOT_FOUND, "only /healthz and /run are served here\n")
            offers = request.headers.get_all("Sec-WebSocket-Protocol")
            if SUBPROTOCOL not in [name.strip() for value in offers for name in value.split(",")]:
                return connection.respond(HTTPStatus.BAD_REQUEST, f"offer the WebSocket subprotocol {SUBPROTOCOL}\n")
            return None


        async def main():
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            # Process 1 has no default handlers: without these, stopping the container would take ten seconds.
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, stop.set)
            server = await serve(
                handle,
                os.environ.get("HOST", "0.0.0.0"),
                int(os.environ.get("PORT", "8000")),
                subprotocols=[SUBPROTOCOL],
                process_request=answer,
                max_size=MESSAGE_LIMIT,
                compression=None,
                ping_interval=25,
                ping_timeout=10,
            )
            await stop.wait()
            server.close()
            await asyncio.wait({asyncio.ensure_future(server.wait_closed())}, timeout=0.5)


        if __name__ == "__main__":
            asyncio.run(main())
            # Threads that still upload would hold the process past its second.
            os._exit(0)

        """#
}
