"""Faults of the HTTP API that tests and soak runs order: refusals, rate limits, lost connections, slow responses."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from playground.api.http import json_response
from playground.api.rate_limits import too_many_requests
from playground.errors import Json

Proceed = Callable[[], Awaitable[web.StreamResponse]]


class FaultKind(StrEnum):
    """How a request goes wrong."""

    STATUS = "status"
    """It is refused with `status` and `code`. A 429 says after how many `seconds` to try again."""
    BARE_LIMIT = "bare limit"
    """A 429 without Retry-After or a JSON body, as Cloudflare sends it."""
    RESET_BEFORE = "reset before"
    """The connection is lost, and the request has no effect."""
    RESET_UPLOAD = "reset upload"
    """The connection is lost while the client still sends the body. Patterns for bodies do not count."""
    RESET_AFTER = "reset after"
    """The request has its effect, and the connection is lost before the response."""
    SLOW = "slow"
    """It succeeds after `seconds`."""


@dataclass
class Fault:
    """A rule for requests that go wrong.

    method: "*" for any. path: a pattern that is searched in the path after /api/v10. body: a pattern that is searched
    in the JSON of the body. times: how many requests go wrong, None for any number. share: how many of the matching
    requests do, from 0 to 1. lasting: the share is one of paths, and a path that is hit once is always hit.
    seconds: of a slow response, or until a 429 may be tried again. html: a page to answer instead of JSON, as
    Cloudflare does.
    """

    kind: FaultKind
    method: str = "*"
    path: str = ""
    body: str = ""
    status: int = 500
    code: int = 0
    times: int | None = None
    share: float = 1.0
    lasting: bool = False
    seconds: float = 0.05
    html: str | None = None

    @classmethod
    def of(cls, document: Json) -> "Fault":
        """Read a fault from JSON. TypeError or ValueError where it isn't one."""
        return cls(**document | {"kind": FaultKind(document["kind"])})

    def matches(self, method: str, path: str, body: str) -> bool:
        """Whether the rule is about such a request and isn't used up."""
        fits = self.method in ("*", method) and re.search(self.path, path) and re.search(self.body, body)
        return bool(fits) and self.times != 0


class Faults:
    """The faults in force. A request gets the first one that matches it; the seed decides which share is hit."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seed = 0
        self._random = random.Random(0)
        self.counts: dict[str, int] = {}
        """How many requests went wrong, by kind."""

    def clear(self) -> None:
        """Drop all faults."""
        self._faults.clear()

    def add(self, fault: Fault) -> None:
        """Add a fault to those in force."""
        self._faults.append(fault)

    def replace(self, faults: list[Fault], seed: int) -> None:
        """Put these faults in place of those in force."""
        self._faults = faults
        self._seed, self._random = seed, random.Random(seed)

    async def respond(
        self, request: web.Request, path: str, payload: Any, headers: Mapping[str, str], proceed: Proceed
    ) -> web.StreamResponse:
        """Respond to a request: as its fault says, or, where it has none, by `proceed`."""
        fault = self._due(request.method, path, payload)
        if fault is None:
            return await proceed()
        self._count(fault)
        match fault.kind:
            case FaultKind.STATUS if fault.html is not None:
                return web.Response(text=fault.html, status=fault.status, content_type="text/html")
            case FaultKind.STATUS if fault.status == 429:
                return too_many_requests(headers, fault.seconds, "shared", fault.code)
            case FaultKind.STATUS:
                message = {"message": f"{fault.status}: failed on request", "code": fault.code}
                return json_response(message, status=fault.status)
            case FaultKind.BARE_LIMIT:
                return web.Response(text="error code: 1015", status=429)
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                return await proceed()
            case FaultKind.RESET_AFTER:
                await asyncio.shield(proceed())
        return _reset(request)

    async def respond_to_upload(self, request: web.Request, path: str) -> web.StreamResponse | None:
        """Lose the connection after the beginning of a body; None where no fault says so, and nothing is read."""
        fault = self._due(request.method, path, None, while_sending=True)
        if fault is None:
            return None
        self._count(fault)
        await request.content.readany()
        return _reset(request)

    def _count(self, fault: Fault) -> None:
        name = f"{fault.kind} {fault.status}" if fault.kind is FaultKind.STATUS else fault.kind.value
        self.counts[name] = self.counts.get(name, 0) + 1

    def _due(self, method: str, path: str, payload: Any, while_sending: bool = False) -> Fault | None:
        faults = [fault for fault in self._faults if (fault.kind is FaultKind.RESET_UPLOAD) is while_sending]
        body = json.dumps(payload) if any(fault.body for fault in faults) else ""
        for fault in faults:
            if fault.matches(method, path, body) and self._is_hit(fault, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _is_hit(self, fault: Fault, path: str) -> bool:
        if fault.share >= 1:
            return True
        chance = random.Random(f"{self._seed} {fault.body} {path}") if fault.lasting else self._random
        return chance.random() < fault.share


def _reset(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
