"""Handles every request of the HTTP API before its route: body, record, rate limits, authorization, errors."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from playground.api.faults import Faults
from playground.api.http import BODY, Body, json_response, read_body
from playground.api.rate_limits import RateLimits, too_many_requests
from playground.errors import ApiError
from playground.state.world import World

_PATHS_WITHOUT_TOKEN = re.compile(r"^/(interactions/\d+/[^/]+/callback|webhooks/\d+/[^/]+(/.*)?|gateway)$")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiMiddleware:
    """Reads, records, counts and authorizes each request, and lets it fail when a test ordered that.

    record: a file that each request is appended to as a JSON line. prefix: the path that all routes begin with.
    """

    def __init__(
        self,
        token: str,
        world: World,
        rate_limits: RateLimits,
        faults: Faults,
        record: Path | None,
        prefix: str,
    ) -> None:
        self._token = token
        self._world = world
        self._rate_limits = rate_limits
        self._faults = faults
        self._record = record
        self._prefix = prefix

    async def _respond(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        path = request.path.removeprefix(self._prefix)
        if (lost := await self._faults.respond_to_upload(request, path)) is not None:
            return lost
        body = await read_body(request)
        request[BODY] = body
        self._append_to_record(request, body)
        headers, wait = self._rate_limits.count(request.method, path)

        async def proceed() -> web.StreamResponse:
            if wait is not None:
                return too_many_requests(headers, wait)
            return await self._handled(request, handler, path, body, headers)

        return await self._faults.respond(request, path, body.payload, headers, proceed)

    async def _handled(
        self, request: web.Request, handler: _Handler, path: str, body: Body, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        if not _PATHS_WITHOUT_TOKEN.match(path) and request.headers.get("Authorization") != f"Bot {self._token}":
            raise ApiError(401, 0, "401: Unauthorized")
        body.check_sizes(self._world.file_limit)
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _append_to_record(self, request: web.Request, body: Body) -> None:
        if self._record is not None:
            path = request.path_qs.removeprefix(self._prefix)
            line = {"method": request.method, "path": path, "content_type": body.content_type, "body": body.payload}
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def middleware(self) -> Any:
        """Return the middleware for aiohttp. An ApiError becomes Discord's JSON error."""

        @web.middleware
        async def handle(request: web.Request, handler: _Handler) -> web.StreamResponse:
            try:
                return await self._respond(request, handler)
            except ApiError as error:
                return json_response(error.body(), status=error.status)
            except web.HTTPException as error:
                message = {"message": f"{error.status}: {error.reason}", "code": 0}
                return json_response(message, status=error.status)

        return handle
