"""When a message may be edited: each by a courier of its own that keeps its distance, carries the newest, and takes its
turn in a lane with those that share its rate."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.locales.durations import about
from generation.events import Event, Queued
from storage.records import Generation

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]

EDIT_SECONDS = 1.2
"""The least time between two edits that share a rate; Discord takes five in five seconds."""

PLACE_SECONDS = 0.1
"""The least time between two edits that only say a new place in the queue: when one request begins, all of a long queue
move up, and nobody else is to wait for that."""


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """What happened to a job, and how many seconds it may take yet."""

    event: Event
    left: float | None = None

    @property
    def is_place(self) -> bool:
        """True where it says nothing but a place in the queue."""
        return isinstance(self.event, Queued)

    def says_as_much_as(self, other: "JobUpdate | None") -> bool:
        """True where both are one place in the queue, and a guess that reads the same."""
        return other is not None and self.is_place and self.event == other.event and self._guess == other._guess

    @property
    def _guess(self) -> str:
        return "" if self.left is None else about(self.left)


class RateLane:
    """Edits that share a rate: each takes the next turn."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._next = 0.0

    @property
    def is_free(self) -> bool:
        return self._clock() >= self._next

    def take_turn(self) -> float:
        """Seconds until the turn that is taken."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self._seconds
        return turn - now


class RateLanes:
    """Lanes by name; a forgotten one has nobody waiting in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, RateLane] = {}

    def of(self, name: str) -> RateLane:
        if name not in self._by_name:
            self._by_name = {each: lane for each, lane in self._by_name.items() if not lane.is_free}
            self._by_name[name] = RateLane(self._clock, EDIT_SECONDS)
        return self._by_name[name]


class MessageThrottle:
    """Carries what is newest, no oftener than Discord likes."""

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
        """What was brought last, shown or not."""
        self._is_begun = False
        """True once anything was shown."""
        self._news = asyncio.Event()
        self._pressing = asyncio.Event()
        """Set once there is more to say than a place in the queue."""
        self._ended = asyncio.Event()

    @property
    def sends_soon(self) -> bool:
        return self._newest is None and self._lane().is_free

    def bring(self, update: JobUpdate) -> None:
        if update.says_as_much_as(self._latest):
            return
        self._newest = self._latest = update
        self._news.set()
        if not update.is_place:
            self._pressing.set()

    def end(self, generation: Generation) -> None:
        self.ending = generation
        self._ended.set()
        self._pressing.set()
        self._news.set()

    async def run(self) -> None:
        """Until the ending is shown."""
        while self.ending is None:
            await self._news.wait()
            if self._is_begun and not self._pressing.is_set():
                await self._wait(self._places.take_turn(), self._pressing)
            if not self.ending:
                await self._wait(self._lane().take_turn(), self._ended)
            self._news.clear()
            self._pressing.clear()
            if self.ending is None and self._newest is not None:
                update, self._newest, self._is_begun = self._newest, None, True
                await self._show_news(self._generation, update)
        await self._show_ending(self.ending)

    async def _wait(self, seconds: float, unless: asyncio.Event) -> None:
        """For so long, or until something happens: an ending waits for no turn."""
        if seconds <= 0 or unless.is_set():
            return
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(unless.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
