"""Keeps one Discord message in step with one job: throttled, the newest wins, and the ending always arrives."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot import layouts, sheets
from bot.durations import about
from bot.layouts import Look
from bot.locales import addressing
from bot.posts import NotTaken, Unreachable
from bot.prints import Prints
from generation.events import Event, Progress, Queued
from storage.generations import Generations
from storage.records import Generation, Origin

log = logging.getLogger(__name__)

EDIT_SECONDS = 1.2
"""The least time between two edits that share a rate; Discord takes five in five seconds."""

PLACE_SECONDS = 0.1
"""The least time between two edits that only say a new place in the queue: when one request begins, all of a long queue
move up, and nobody else is to wait for that."""

RETRY_SECONDS = (5.0, 30.0, 120.0)
"""How long to wait before showing an ending again that Discord did not take. After that, the next start tries."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]
Tell = Callable[[Generation], Awaitable[None]]


class Poster(Protocol):
    """Where messages are shown: `bot.posts.Posts`."""

    async def edit(self, origin: Origin, look: Look) -> None: ...

    def lane(self, origin: Origin) -> str: ...

    def room(self, origin: Origin) -> int: ...

    def may_miss(self, origin: Origin, seconds: float) -> bool: ...


class Delivery:
    """One courier a message, from its first event to its ending."""

    def __init__(
        self,
        *,
        posts: Poster,
        generations: Generations,
        prints: Prints,
        tell: Tell | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._posts = posts
        self._generations = generations
        self._prints = prints
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._lanes = Lanes(clock)
        self._places = Lane(clock, PLACE_SECONDS)
        self._couriers: dict[int, _Courier] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def update(self, generation: Generation, event: Event, left: float | None = None) -> None:
        """Show an event soon, unless a newer one comes first; `left` is how many seconds it may take yet."""
        self._courier(generation).bring(News(event, left))

    def finish(self, generation: Generation) -> None:
        """Show how a request ended, at once."""
        self._courier(generation).end(generation)

    async def drop(self, generation: Generation) -> None:
        """Show nothing more of a request."""
        if task := self._tasks.get(generation.id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def sends_soon(self, generation: Generation) -> bool:
        """True where the next event would be shown without waiting."""
        return self._courier(generation).sends_soon

    async def settle(self) -> None:
        """Wait until every ending given so far is shown."""
        while due := [task for name, task in self._tasks.items() if self._couriers[name].ending]:
            await asyncio.wait(due)

    async def close(self) -> None:
        """Stop all couriers; what they did not show is shown after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _courier(self, generation: Generation) -> "_Courier":
        if generation.id not in self._couriers:

            def lane() -> Lane:
                return self._lanes.of(self._posts.lane(generation.origin))

            courier = _Courier(generation, self._show_news, self._show_ending, lane, self._places, self._sleep)
            task = asyncio.create_task(courier.run(), name=f"courier of {generation.id}")
            task.add_done_callback(lambda task: self._dismiss(generation.id, task))
            self._couriers[generation.id], self._tasks[generation.id] = courier, task
        return self._couriers[generation.id]

    def _dismiss(self, generation_id: int, task: asyncio.Task[None]) -> None:
        del self._couriers[generation_id], self._tasks[generation_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("the message of %s is stuck", generation_id, exc_info=error)

    async def _show_news(self, generation: Generation, news: "News") -> None:
        preview = None
        if isinstance(news.event, Progress) and news.event.previews and not generation.origin.hides_previews:
            preview = await asyncio.to_thread(sheets.of_previews, news.event.previews)
        parent = await self._parent(generation)
        late = news.left is not None and self._posts.may_miss(generation.origin, news.left)
        with addressing(generation.origin.locale):
            look = layouts.underway(generation, news.event, preview, parent, news.left, may_be_late=late)
        try:
            await self._posts.edit(generation.origin, look)
        except (Unreachable, NotTaken) as missed:
            log.info("an update of %s was not shown: %s", generation.id, missed)

    async def _show_ending(self, generation: Generation) -> None:
        pictures = await self._prints.of(generation, self._posts.room(generation.origin))
        parent = await self._parent(generation)
        for pause in (*RETRY_SECONDS, None):
            with addressing(generation.origin.locale):
                look = layouts.ended(generation, pictures, parent)
            try:
                await self._posts.edit(generation.origin, look)
            except Unreachable as gone:
                log.warning("the ending of %s has nowhere to go: %s", generation.id, gone)
            except NotTaken as failure:
                log.warning("the ending of %s was not taken: %s", generation.id, failure)
                if pause is None:
                    return
                await self._sleep(pause)
                continue
            await self._generations.delivered(generation.id)
            if self._tell is not None:
                await self._tell(generation)
            return

    async def _parent(self, generation: Generation) -> Generation | None:
        parent = generation.lineage.parent
        return None if parent is None else await self._generations.get(parent)


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a job, and how many seconds it may take yet."""

    event: Event
    left: float | None = None

    @property
    def is_place(self) -> bool:
        """True where it says nothing but a place in the queue."""
        return isinstance(self.event, Queued)

    def says_as_much_as(self, other: "News | None") -> bool:
        """True where both are one place in the queue, and a guess that reads the same."""
        return other is not None and self.is_place and self.event == other.event and self._guess == other._guess

    @property
    def _guess(self) -> str:
        return "" if self.left is None else about(self.left)


class Lane:
    """Edits that share a rate: each takes the next turn."""

    def __init__(self, clock: Clock, seconds: float = EDIT_SECONDS) -> None:
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


class Lanes:
    """Lanes by name; a forgotten one has nobody waiting in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, Lane] = {}

    def of(self, name: str) -> Lane:
        if name not in self._by_name:
            self._by_name = {each: lane for each, lane in self._by_name.items() if not lane.is_free}
            self._by_name[name] = Lane(self._clock)
        return self._by_name[name]


class _Courier:
    """Carries what is newest, no oftener than Discord likes."""

    def __init__(
        self,
        generation: Generation,
        show_news: Callable[[Generation, News], Awaitable[None]],
        show_ending: Callable[[Generation], Awaitable[None]],
        lane: Callable[[], Lane],
        places: Lane,
        sleep: Sleep,
    ) -> None:
        self.ending: Generation | None = None
        self._generation = generation
        self._show_news = show_news
        self._show_ending = show_ending
        self._lane = lane
        self._places = places
        self._sleep = sleep
        self._newest: News | None = None
        self._latest: News | None = None
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

    def bring(self, news: News) -> None:
        if news.says_as_much_as(self._latest):
            return
        self._newest = self._latest = news
        self._news.set()
        if not news.is_place:
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
                news, self._newest, self._is_begun = self._newest, None, True
                await self._show_news(self._generation, news)
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
