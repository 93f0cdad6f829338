"""Lets interactions in one after the other, so that a rush of them is answered in time, in the order of arrival."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.delivery.messages import ANSWER_SECONDS
from bot.delivery.throttle import pause
from bot.errors import Refusal

MOST = 16
"""Interactions that are being answered at the same time. More at a time would only make all of them late."""

PATIENCE = 1.2
"""Seconds that one may wait to be let in. Discord gives up after three, and a refusal takes its own time."""

LOOKS = 0.005
"""Seconds between two looks at who has been answered, while somebody waits."""

RUSH = 2.5
"""The longest time in seconds for which a rush holds up work that can wait."""


class Busy(Refusal, app_commands.CheckFailure):
    """Too many people want something at the same moment."""

    def __init__(self) -> None:
        super().__init__("I'm very busy right now. Try again in a few seconds.")


@dataclass(frozen=True, slots=True)
class _Visitor:
    """An interaction, and the task that answers it."""

    interaction: discord.Interaction[Any]
    task: asyncio.Task[Any] | None

    @property
    def is_unanswered(self) -> bool:
        return not (self.interaction.response.is_done() or self.task is None or self.task.done())


class Gate:
    """Counts those inside from `enter` until their answer has reached Discord."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._inside: list[_Visitor] = []
        self._waiting: deque[tuple[float, _Visitor, asyncio.Future[None]]] = deque()
        self._keeper: asyncio.Task[None] | None = None
        self._calm = asyncio.Event()
        self._calm.set()

    async def enter(self, interaction: discord.Interaction[Any]) -> None:
        """Wait for a place. Raises `Busy` where none is free in time."""
        visitor = _Visitor(interaction, asyncio.current_task())
        if not self._waiting and self._has_room():
            self._inside.append(visitor)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((self._clock(), visitor, turn))
        if self._keeper is None or self._keeper.done():
            self._calm.clear()
            self._keeper = asyncio.create_task(self._keep(), name="gate")
        await turn

    async def calm(self) -> None:
        """Wait while somebody waits to be let in, for work that can wait; no longer than `RUSH`."""
        await pause(self._sleep, RUSH, self._calm)

    async def empty(self) -> None:
        """Wait until all inside and all that wait are answered; no longer than Discord waits for them."""
        end = self._clock() + ANSWER_SECONDS
        while (self._waiting or self._unanswered()) and self._clock() < end:
            await self._sleep(LOOKS)

    def _unanswered(self) -> list[_Visitor]:
        self._inside = [each for each in self._inside if each.is_unanswered]
        return self._inside

    def _has_room(self) -> bool:
        return len(self._unanswered()) < MOST

    async def _keep(self) -> None:
        """Let in who waits, until nobody does."""
        while self._waiting:
            await self._sleep(LOOKS)
            while self._waiting and (self._is_late() or self._has_room()):
                late = self._is_late()
                _, visitor, turn = self._waiting.popleft()
                if turn.cancelled():
                    continue
                if late:
                    turn.set_exception(Busy())
                else:
                    self._inside.append(visitor)
                    turn.set_result(None)
        self._calm.set()

    def _is_late(self) -> bool:
        """True where whoever waits longest has waited too long."""
        return self._clock() - self._waiting[0][0] > PATIENCE
