"""Rate limits as Discord reports them in headers, and failures that a test asks for."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from playground.api.json_response import json_answer
from playground.errors import Json


@dataclass
class _Window:
    started: float
    used: int = 0


class RateLimits:
    """Counts requests per route and major id in windows of `seconds`; `limit` requests pass in each."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.seconds = seconds
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def count(self, method: str, path: str) -> tuple[dict[str, str], float | None]:
        """The headers for a response, and seconds to wait when this request is one too many."""
        segments = path.strip("/").split("/")
        depth = 3 if segments[0] in ("webhooks", "interactions") else 2
        major = "/".join(segments[:depth])
        rest = ["id" if segment.isdecimal() else segment for segment in segments[depth:]]
        if "reactions" in rest:
            del rest[rest.index("reactions") + 1 :]
        route = f"{method} {segments[0]} {'/'.join(rest)}"
        now = self._clock()
        window = self._windows.get(f"{route} {major}")
        if window is None or now - window.started >= self.seconds:
            if len(self._windows) > 1000:
                self._windows.clear()
            window = self._windows[f"{route} {major}"] = _Window(now)
        over = window.used >= self.limit
        window.used += not over
        wait = window.started + self.seconds - now
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - window.used),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
        }
        return headers, wait if over else None


def too_many(headers: Mapping[str, str], wait: float, scope: str = "user") -> web.Response:
    """A 429 with Retry-After, and the Via header without which clients take it for a ban."""
    body: Json = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": False}
    extra = {"Via": "1.1 google", "Retry-After": str(max(1, round(wait))), "X-RateLimit-Scope": scope}
    return json_answer(body, status=429, headers={**headers, **extra})


@dataclass
class _Fault:
    method: str
    path: re.Pattern[str]
    status: int
    times: int
    retry_after: float


class Faults:
    """Requests that are to fail. The first fault that matches a request is used up first."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []

    def clear(self) -> None:
        """From now on nothing fails on purpose."""
        self._faults.clear()

    def add(self, method: str, path: str, status: int, times: int, retry_after: float) -> None:
        """The next `times` requests with this method ("*" for any), whose path `path` is found in, get `status`."""
        self._faults.append(_Fault(method, re.compile(path), status, times, retry_after))

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> web.Response | None:
        """The failure for a request, None when it is to succeed."""
        for fault in self._faults:
            if fault.times > 0 and fault.method in ("*", method) and fault.path.search(path):
                fault.times -= 1
                if fault.status == 429:
                    return too_many(headers, fault.retry_after, "shared")
                return json_answer({"message": f"{fault.status}: failed on request", "code": 0}, status=fault.status)
        return None
