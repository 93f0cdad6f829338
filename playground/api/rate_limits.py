"""Rate limits, as Discord reports them in headers."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from playground.api.http import json_response
from playground.errors import Json


@dataclass
class _Window:
    started: float
    used: int = 0


class RateLimits:
    """Allows `limit` requests in each window of `seconds`, per route and major parameter."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.seconds = seconds
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def count(self, method: str, path: str) -> tuple[dict[str, str], float | None]:
        """Count a request. Returns the headers of its response, and the seconds to wait if it exceeds the limit."""
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
        exceeded = window.used >= self.limit
        window.used += not exceeded
        wait = window.started + self.seconds - now
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - window.used),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
        }
        return headers, wait if exceeded else None


def too_many_requests(headers: Mapping[str, str], wait: float, scope: str = "user", code: int = 0) -> web.Response:
    """Return a 429 with Retry-After and Via. Without Via, discord.py takes it for a ban by Cloudflare."""
    body: Json = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": False}
    if code:
        body["code"] = code
    extra = {"Via": "1.1 google", "Retry-After": str(max(1, round(wait))), "X-RateLimit-Scope": scope}
    return json_response(body, status=429, headers={**headers, **extra})
