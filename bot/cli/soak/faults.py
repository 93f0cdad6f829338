"""What goes wrong during a soak: requests to Discord all the time, and one disturbance after another."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random

from bot.cli.soak.actions import HARMFUL
from bot.cli.soak.crowd import Crowd, Json
from bot.cli.soak.processes import BotProcess
from bot.cli.soak.ray_nodes import RayNodes

_CALLBACK = "^/interactions/"
_POSTED = r"^/(webhooks|channels)/"
_FINAL = "noisefox:delete:"
"""In every message that shows finished pictures."""


def background() -> list[Json]:
    """Faults of Discord's HTTP API that are there all the time, for shares of the requests."""
    lasting: list[Json] = [
        {"kind": "status", "method": "PATCH", "path": _POSTED, "body": HARMFUL, "status": 400, "code": 240000},
        {"kind": "status", "method": "PATCH", "path": _POSTED, "body": _FINAL, "status": 403, "code": 50013}
        | {"share": 0.02, "lasting": True},
    ]
    passing: list[Json] = [
        {"kind": "slow", "path": _CALLBACK, "share": 0.02, "seconds": 1.0},
        {"kind": "status", "path": _CALLBACK, "share": 0.01, "status": 500},
        {"kind": "reset before", "path": _CALLBACK, "share": 0.01},
        {"kind": "reset after", "path": _CALLBACK, "share": 0.01},
        *({"kind": "status", "path": _POSTED, "share": 0.02, "status": status} for status in (500, 502, 503)),
        {"kind": "status", "path": _POSTED, "share": 0.02, "status": 429, "seconds": 0.5},
        {"kind": "status", "path": _POSTED, "share": 0.01, "status": 403, "code": 50013},
        {"kind": "bare limit", "path": _POSTED, "share": 0.01},
        {"kind": "reset before", "path": _POSTED, "share": 0.02},
        {"kind": "reset after", "path": _POSTED, "share": 0.02},
        {"kind": "slow", "path": _POSTED, "share": 0.03, "seconds": 2.0},
    ]
    return lasting + passing


class Disturbances:
    """Disturbances by name. `scale` is 1 for the times that a patient soak takes, and less for a short one. With the
    `nodes` of a Ray cluster there are some more."""

    def __init__(
        self, crowd: Crowd, bot: BotProcess, seed: int, scale: float = 1.0, nodes: RayNodes | None = None
    ) -> None:
        self._crowd = crowd
        self._bot = bot
        self._seed = seed
        self._scale = scale
        self._was_silent = False
        self._by_name: dict[str, Callable[[], Awaitable[object]]] = {
            "bot killed": self._kill_bot,
            "bot ended by SIGTERM": self._terminate_bot,
            "worker killed": self._kill_worker,
            "database locked": self._lock_database,
            "disk full": self._fill_disk,
            "Discord unreachable": self._cut_off,
            "gateway closed": lambda: self._disturb("close"),
            "gateway asks to reconnect": lambda: self._disturb("reconnect"),
            "session invalid, resumable": lambda: self._disturb("resume"),
            "session invalid": lambda: self._disturb("invalidate"),
            "gateway silent": self._silence,
        }
        if nodes is not None:
            self._by_name["actor killed"] = partial(asyncio.to_thread, nodes.kill_actor)
            self._by_name["node removed, another added"] = partial(self._replace_node, nodes)

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    async def begin(self) -> None:
        """Put the faults in force that are there all the time."""
        await self._crowd.control("PUT", "faults", {"seed": self._seed, "faults": background()})

    async def cause(self, name: str) -> None:
        """Let one disturbance happen, from its beginning to its end."""
        await self._by_name[name]()

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._scale)

    async def _kill_bot(self) -> None:
        await self._bot.kill()
        await self._bot.start()

    async def _terminate_bot(self) -> None:
        await self._bot.terminate()
        await self._bot.start()

    async def _kill_worker(self) -> None:
        self._bot.kill_worker()

    async def _replace_node(self, nodes: RayNodes) -> None:
        """Leave the others alone for a while."""
        await nodes.remove()
        await self._pause(5.0)
        await nodes.add()

    async def _lock_database(self) -> None:
        """Longer than the bot waits for a lock."""
        await self._bot.lock_database(12.0 * self._scale)

    async def _fill_disk(self) -> None:
        """Once the bot is up: before that, it would not take the signal."""
        await self._crowd.look()
        await self._crowd.until(lambda seen: seen.online)
        pid = self._bot.pid
        self._bot.toggle_full_disk()
        await self._pause(4.0)
        if self._bot.pid == pid:
            self._bot.toggle_full_disk()

    async def _cut_off(self) -> None:
        """Longer than the bot tries to deliver."""
        down: Json = {"kind": "status", "status": 503}
        await self._crowd.control("PUT", "faults", {"seed": self._seed, "faults": [down]})
        await self._pause(20.0)
        await self.begin()

    async def _disturb(self, action: str) -> None:
        await self._crowd.control("POST", "gateway", {"action": action})

    async def _silence(self) -> None:
        """The first time until the bot notices by itself, which takes a minute; later, and in a short soak, until the
        connection is closed."""
        body: Json = {"action": "silence"}
        if self._was_silent or self._scale < 1:
            body["seconds"] = 10.0 * self._scale
        self._was_silent = True
        await self._crowd.control("POST", "gateway", body)


def order(random: Random, names: list[str], rounds: int) -> list[str]:
    """The disturbances of a run: all of them, in another order each round."""
    chosen: list[str] = []
    for _ in range(rounds):
        chosen += random.sample(names, len(names))
    return chosen
