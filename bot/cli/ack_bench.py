"""Measures how soon a request is acknowledged while the queue is long and the worker is busy, over real sockets.

Part of `noisefox bench`. Discord's limit is three seconds.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from bot import app
from bot.config import Config
from generation.pool import WorkerPool
from generation.settings import WAITING

QUEUED = 200
"""Requests waiting while it is measured."""

MEASURED = 100
"""Requests that are measured."""

DEFERRED = 5
"""The response type of an accepted request. A refused one is answered with another type."""


class Chatter(Protocol):
    """A person on the chat page."""

    async def slash(self, command: str, options: dict[str, Any]) -> Any: ...


Chat = Callable[..., AbstractAsyncContextManager[app.LocalChat]]
Join = Callable[[str, str], AbstractAsyncContextManager[Chatter]]


async def acknowledgements(config: Config, chat: Chat, join: Join, pool: WorkerPool | None = None) -> dict[str, float]:
    """Median and 99th percentile in milliseconds from a request to its acknowledgement, with `QUEUED` requests waiting.

    `chat` starts a local stand-in for Discord, `join` connects a person by name to its address. Without a `pool`, a
    worker draws meanwhile.
    """
    limits = replace(config.limits, waiting=WAITING.high, cooldown=None, daily_steps=None)
    with tempfile.TemporaryDirectory() as folder:
        async with chat(port=0, folder=Path(folder, "chat")) as local:
            discord = replace(config.discord, api_base=local.api_base)
            worker = replace(config.worker, longest_line=QUEUED + MEASURED)
            config = replace(config, data=Path(folder), discord=discord, limits=limits, worker=worker)
            async with app.running(config, local.token, pool=pool), join(local.url, "member one") as member:
                for _ in range(QUEUED):
                    await _seconds_to_acknowledge(member, steps=limits.steps or 150)
                seconds = [await _seconds_to_acknowledge(member, steps=1) for _ in range(MEASURED)]
    return {"ack_p50_ms": 1000 * statistics.median(seconds), "ack_p99_ms": 1000 * _percentile(seconds, 99)}


async def _seconds_to_acknowledge(member: Chatter, steps: int) -> float:
    """Send a request and time its acknowledgement. Raises `RuntimeError` if it is refused."""
    started = time.perf_counter()
    outcome = await member.slash("imagine", {"prompt": "a fox", "steps": steps})
    seconds = time.perf_counter() - started
    if outcome.acknowledged != DEFERRED:
        raise RuntimeError(
            "nothing was measured: the bot refused a request, perhaps because its steps or model are not allowed"
        )
    return seconds


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
