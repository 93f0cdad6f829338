"""Throttles edits of messages: each message shows only its newest update, and messages that share a rate limit take
turns."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.locales.durations import about
from generation.events import Event, Queued
from storage.records import Generation

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]

EDIT_SECONDS = 1.2
"""Minimum time between two edits that share a rate limit. Discord allows five in five seconds."""

PLACE_SECONDS = 0.1
"""Minimum time between two edits that only change the place in the queue. When a job starts, all waiting requests move
up at once; their edits must not delay others."""


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """An event of a job, and the estimated seconds until it is done."""

    event: Event
    left: float | None = None

    @property
    def is_place(self) -> bool:
        """True if it only tells the place in the queue."""
        return isinstance(self.event, Queued)

    def says_as_much_as(self, other: "JobUpdate | None") -> bool:
        """True if both tell the same place in the queue and the same estimate in words."""
        return other is not None and self.is_place and self.event == other.event and self._guess == other._guess

    @property
    def _guess(self) -> str:
        return "" if self.left is None else about(self.left)


class RateLane:
    """The turns of edits that share a rate limit."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._next = 0.0

    @property
    def is_free(self) -> bool:
        """True if a turn can be taken now."""
        return self._clock() >= self._next

    def take_turn(self) -> float:
        """Take the next turn; returns the seconds until it comes."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self._seconds
        return turn - now


class RateLanes:
    """Rate lanes by name. Lanes that nobody waits in are dropped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, RateLane] = {}

    def of(self, name: str) -> RateLane:
        """The lane of this name, made if it does not exist."""
        if name not in self._by_name:
            self._by_name = {each: lane for each, lane in self._by_name.items() if not lane.is_free}
            self._by_name[name] = RateLane(self._clock, EDIT_SECONDS)
        return self._by_name[name]


class MessageThrottle:
    """Shows the updates of one message: always the newest, no more often than the rate limit allows."""

    def __init__(
        self,
        generation: Generation,
        show_news: Callable[[Generation, JobUpdate], Awaitable[None]],
        show_ending: Callable[[Generation], Awaitable[None]],
        lane: Callable[[], RateLane],
        places: RateLane,
        sleep: Sleep,
    ) -> None:
        self.ending: Generation | None = None
        self._generation = generation
        self._show_news = show_news
        self._show_ending = show_ending
        self._lane = lane
        self._places = places
        self._sleep = sleep
        self._newest: JobUpdate | None = None
        self._latest: JobUpdate | None = None
        """The last update given, shown or not."""
        self._is_begun = False
        """True once an update was shown."""
        self._news = asyncio.Event()
        self._pressing = asyncio.Event()
        """Set if there is more to show than a place in the queue."""
        self._ended = asyncio.Event()

    @property
    def sends_soon(self) -> bool:
        """True if the next update would be shown without waiting."""
        return self._newest is None and self._lane().is_free

    def push(self, update: JobUpdate) -> None:
        """Show an update at the next turn, in place of older ones."""
        if update.says_as_much_as(self._latest):
            return
        self._newest = self._latest = update
        self._news.set()
        if not update.is_place:
            self._pressing.set()

    def end(self, generation: Generation) -> None:
        """Show the ending, without waiting for a turn."""
        self.ending = generation
        self._ended.set()
        self._pressing.set()
        self._news.set()

    async def run(self) -> None:
        """Show updates until the ending is shown."""
        while self.ending is None:
            await self._news.wait()
            if self._is_begun and not self._pressing.is_set():
                await pause(self._sleep, self._places.take_turn(), self._pressing)
            if not self.ending:
                await pause(self._sleep, self._lane().take_turn(), self._ended)
            self._news.clear()
            self._pressing.clear()
            if self.ending is None and self._newest is not None:
                update, self._newest, self._is_begun = self._newest, None, True
                await self._show_news(self._generation, update)
        await self._show_ending(self.ending)


async def pause(sleep: Sleep, seconds: float, unless: asyncio.Event) -> None:
    """Sleep for `seconds`, or until the event `unless` is set."""
    if seconds <= 0 or unless.is_set():
        return
    waits = [asyncio.ensure_future(sleep(seconds)), asyncio.ensure_future(unless.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
