"""Keeps one Discord message in step with one job, and the ending always arrives."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot import layouts, sheets
from bot.couriers import PLACE_SECONDS, Clock, Courier, Lane, Lanes, News, Sleep
from bot.layouts import Look
from bot.locales import addressing
from bot.posts import NotTaken, Unreachable
from bot.prints import Prints
from generation.events import Event, Progress
from storage.generations import Generations
from storage.records import Generation, Origin

log = logging.getLogger(__name__)

RETRY_SECONDS = (5.0, 30.0, 120.0)
"""How long to wait before showing an ending again that Discord did not take. After that, the next start tries."""

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
        self._couriers: dict[int, Courier] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closed = False

    def update(self, generation: Generation, event: Event, left: float | None = None) -> None:
        """Show an event soon, unless a newer one comes first; `left` is how many seconds it may take yet."""
        if not self._closed:
            self._courier(generation).bring(News(event, left))

    def finish(self, generation: Generation) -> None:
        """Show how a request ended, at once."""
        if not self._closed:
            self._courier(generation).end(generation)

    async def drop(self, generation: Generation) -> None:
        """Show nothing more of a request."""
        if task := self._tasks.get(generation.id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def sends_soon(self, generation: Generation) -> bool:
        """True where the next event would be shown without waiting."""
        return not self._closed and self._courier(generation).sends_soon

    async def settle(self) -> None:
        """Wait until every ending given so far is shown."""
        while due := [task for name, task in self._tasks.items() if self._couriers[name].ending]:
            await asyncio.wait(due)

    async def close(self) -> None:
        """Stop all couriers, and take no more news; what they did not show is shown after the next start."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _courier(self, generation: Generation) -> Courier:
        if generation.id not in self._couriers:

            def lane() -> Lane:
                return self._lanes.of(self._posts.lane(generation.origin))

            courier = Courier(generation, self._show_news, self._show_ending, lane, self._places, self._sleep)
            task = asyncio.create_task(courier.run(), name=f"courier of {generation.id}")
            task.add_done_callback(lambda task: self._dismiss(generation.id, task))
            self._couriers[generation.id], self._tasks[generation.id] = courier, task
        return self._couriers[generation.id]

    def _dismiss(self, generation_id: int, task: asyncio.Task[None]) -> None:
        del self._couriers[generation_id], self._tasks[generation_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("the message of %s is stuck", generation_id, exc_info=error)

    async def _show_news(self, generation: Generation, news: News) -> None:
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
