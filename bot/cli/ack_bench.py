"""How soon a request is acknowledged while the queue is long and the worker busy; measured over the real sockets.

Run as part of `noisefox bench`. Discord gives up after three seconds.
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
from generation.settings import WAITING

QUEUED = 200
MEASURED = 100

DEFERRED = 5
"""The type of an acknowledgement whose picture comes later; a refusal is said at once."""


class Chatter(Protocol):
    """Somebody at the chat page."""

    async def slash(self, command: str, options: dict[str, Any]) -> Any: ...


Chat = Callable[..., AbstractAsyncContextManager[app.LocalChat]]
Join = Callable[[str, str], AbstractAsyncContextManager[Chatter]]


async def acknowledgements(config: Config, chat: Chat, join: Join) -> dict[str, float]:
    """Milliseconds from a person's request to its acknowledgement, with `QUEUED` requests waiting.

    `chat` makes a stand-in for Discord in a folder, `join` brings a person, by name, to its address.
    """
    limits = replace(config.limits, waiting=WAITING.high, cooldown=None, daily_steps=None)
    with tempfile.TemporaryDirectory() as folder:
        async with chat(port=0, folder=Path(folder, "chat")) as local:
            discord = replace(config.discord, api_base=local.api_base)
            worker = replace(config.worker, longest_line=QUEUED + MEASURED)
            config = replace(config, data=Path(folder), discord=discord, limits=limits, worker=worker)
            async with app.running(config, local.token), join(local.url, "member one") as member:
                for _ in range(QUEUED):
                    await _seconds_to_acknowledge(member, steps=limits.steps or 150)
                seconds = [await _seconds_to_acknowledge(member, steps=1) for _ in range(MEASURED)]
    return {"ack_p50_ms": 1000 * statistics.median(seconds), "ack_p99_ms": 1000 * _percentile(seconds, 99)}


async def _seconds_to_acknowledge(member: Chatter, steps: int) -> float:
    """Raises `RuntimeError` where a request is refused."""
    started = time.perf_counter()
    outcome = await member.slash("imagine", {"prompt": "a fox", "steps": steps})
    seconds = time.perf_counter() - started
    if outcome.acknowledged != DEFERRED:
        raise RuntimeError("a request was refused, so nothing was measured: its steps or its model are not allowed")
    return seconds


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
