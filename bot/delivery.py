"""Keeps one Discord message in step with one job: throttled, the newest wins, and the ending always arrives."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot import layouts, sheets
from bot.layouts import Look
from bot.posts import NotTaken, Unreachable
from generation.events import Event, Progress
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Origin

log = logging.getLogger(__name__)

EDIT_SECONDS = 1.2
"""The least time between two edits of one message; Discord takes five in five seconds."""

RETRY_SECONDS = (5.0, 30.0, 120.0)
"""How long to wait before showing an ending again that Discord did not take. After that, the next start tries."""

FILE_BYTES = 10 * 2**20
REQUEST_BYTES = 24 * 2**20
"""What one file and one request may have: Discord's 10 MiB, and 25 MiB less room for the rest of the request."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]


class Poster(Protocol):
    """Where messages are shown: `bot.posts.Posts`."""

    async def edit(self, origin: Origin, look: Look) -> None: ...


class Delivery:
    """One courier a message, from its first event to its ending."""

    def __init__(
        self,
        *,
        posts: Poster,
        generations: Generations,
        images: Images,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._posts = posts
        self._generations = generations
        self._images = images
        self._clock = clock
        self._sleep = sleep
        self._couriers: dict[int, _Courier] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def update(self, generation: Generation, event: Event) -> None:
        """Show an event soon, unless a newer one comes first."""
        self._courier(generation).bring(event)

    def finish(self, generation: Generation) -> None:
        """Show how a request ended, at once."""
        self._courier(generation).end(generation)

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
            courier = _Courier(generation, self._show_event, self._show_ending, self._clock, self._sleep)
            task = asyncio.create_task(courier.run(), name=f"courier of {generation.id}")
            task.add_done_callback(lambda task: self._dismiss(generation.id, task))
            self._couriers[generation.id], self._tasks[generation.id] = courier, task
        return self._couriers[generation.id]

    def _dismiss(self, generation_id: int, task: asyncio.Task[None]) -> None:
        del self._couriers[generation_id], self._tasks[generation_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("the message of %s is stuck", generation_id, exc_info=error)

    async def _show_event(self, generation: Generation, event: Event) -> None:
        preview = None
        if isinstance(event, Progress) and event.previews:
            preview = await asyncio.to_thread(sheets.of_previews, event.previews)
        try:
            await self._posts.edit(generation.origin, layouts.underway(generation, event, preview))
        except (Unreachable, NotTaken) as missed:
            log.info("an update of %s was not shown: %s", generation.id, missed)

    async def _show_ending(self, generation: Generation) -> None:
        pictures = await self._files_of(generation)
        for pause in (*RETRY_SECONDS, None):
            try:
                await self._posts.edit(generation.origin, layouts.ended(generation, pictures))
            except Unreachable as gone:
                log.warning("the ending of %s has nowhere to go: %s", generation.id, gone)
            except NotTaken as failure:
                log.warning("the ending of %s was not taken: %s", generation.id, failure)
                if pause is None:
                    return
                await self._sleep(pause)
                continue
            await self._generations.delivered(generation.id)
            return

    async def _files_of(self, generation: Generation) -> list[tuple[bytes, str]]:
        names = [picture.file for picture in generation.pictures if picture.file]
        most = min(FILE_BYTES, REQUEST_BYTES // max(len(names), 1))
        files = []
        for name in names:
            try:
                png = await self._images.read(name)
                files.append(await asyncio.to_thread(sheets.fitting, png, most))
            except OSError as reason:
                log.warning("the file %s of %s cannot be shown: %s", name, generation.id, reason)
        return files


class _Courier:
    """Carries what is newest, no oftener than Discord likes."""

    def __init__(
        self,
        generation: Generation,
        show_event: Callable[[Generation, Event], Awaitable[None]],
        show_ending: Callable[[Generation], Awaitable[None]],
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self.ending: Generation | None = None
        self._generation = generation
        self._show_event = show_event
        self._show_ending = show_ending
        self._clock = clock
        self._sleep = sleep
        self._newest: Event | None = None
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._next_edit = 0.0

    @property
    def sends_soon(self) -> bool:
        return self._newest is None and self._clock() >= self._next_edit

    def bring(self, event: Event) -> None:
        self._newest = event
        self._news.set()

    def end(self, generation: Generation) -> None:
        self.ending = generation
        self._ended.set()
        self._news.set()

    async def run(self) -> None:
        """Until the ending is shown."""
        while self.ending is None:
            await self._news.wait()
            await self._pause()
            self._news.clear()
            if self.ending is None and self._newest is not None:
                event, self._newest = self._newest, None
                self._next_edit = self._clock() + EDIT_SECONDS
                await self._show_event(self._generation, event)
        await self._show_ending(self.ending)

    async def _pause(self) -> None:
        """Until the next edit is due, or there is nothing but the ending left to show."""
        left = self._next_edit - self._clock()
        if left <= 0 or self.ending:
            return
        waits = [asyncio.ensure_future(self._sleep(left)), asyncio.ensure_future(self._ended.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
