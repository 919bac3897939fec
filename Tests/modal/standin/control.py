"""The stand-in's own endpoint: orders failures and shows what is there. Modal has nothing of the kind."""

import dataclasses

from aiohttp import web

from .failures import Failure


def control(plane) -> web.Application:
    """`POST /fail` orders a failure, `DELETE /fail` ends all, `GET /state` and `GET /calls` show."""

    async def fail(request: web.Request) -> web.Response:
        try:
            plane.failures.ordered.append(Failure(**await request.json()))
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ordered": [dataclasses.asdict(failure) for failure in plane.failures.ordered]})

    async def clear(request: web.Request) -> web.Response:
        plane.failures.ordered.clear()
        plane.calls.clear()
        return web.json_response({})

    async def show(request: web.Request) -> web.Response:
        return web.json_response(plane.state.data)

    async def calls(request: web.Request) -> web.Response:
        return web.json_response(plane.calls)

    app = web.Application()
    app.router.add_post("/fail", fail)
    app.router.add_delete("/fail", clear)
    app.router.add_get("/state", show)
    app.router.add_get("/calls", calls)
    return app
