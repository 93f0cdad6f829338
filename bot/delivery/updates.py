"""Updates the Discord message of each job, from its first event to its ending."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot import views
from bot.attachments import encode
from bot.attachments.finished import FinishedFiles, PictureFile
from bot.delivery.messages import (
    NOT_SHOWN,
    EditFailed,
    EditForbidden,
    EditRefused,
    EditsUsedUp,
    MessageDeleted,
    MessageUnreachable,
    NobodyTold,
)
from bot.delivery.throttle import PLACE_SECONDS, Clock, JobUpdate, MessageThrottle, RateLane, RateLanes, Sleep, pause
from bot.failure_log import log_failure
from bot.locales import addressing
from bot.views import MessageContent
from generation.abilities import Abilities
from generation.events import Event, Explaining, Progress
from generation.jobs import JobState
from generation.usual_seconds import UsualSeconds
from storage.generations import Generations
from storage.records import Generation, Origin

log = logging.getLogger(__name__)

RETRY_SECONDS = (5.0, 30.0)
"""Pauses before an ending is tried again after a failed edit. After the last one, it is left to the reconciler."""

UNTOLD = timedelta(days=1)
"""The age of a request after which nobody is told any more how it ended, where neither its place nor its owner's direct
messages took that."""

LONGEST_PAUSE = 600.0
"""Seconds, at most, until an ending is tried again of which nobody could be told. They grow with the time it took."""

Tell = Callable[[Generation], Awaitable[None]]
Calm = Callable[[], Awaitable[None]]
"""Waits while more people ask than can be answered."""


async def _at_once() -> None:
    """Wait for nothing."""


class Poster(Protocol):
    """Edits messages; `bot.delivery.messages.Messages` in production."""

    async def edit(self, origin: Origin, content: MessageContent) -> None: ...

    async def post(self, origin: Origin, content: MessageContent, nonce: int, reply_to: int) -> int: ...

    def spares_edits(self, origin: Origin) -> bool: ...

    def lane(self, origin: Origin) -> str: ...

    def room(self, origin: Origin) -> int: ...

    def may_miss(self, origin: Origin, seconds: float) -> bool: ...


class MessageUpdates:
    """Runs one `MessageThrottle` for each message, from its first event to its ending."""

    def __init__(
        self,
        *,
        messages: Poster,
        generations: Generations,
        finished_files: FinishedFiles,
        abilities_of: Callable[[str], Abilities],
        tell: Tell | None = None,
        tell_unshown: Tell | None = None,
        calm: Calm = _at_once,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._messages = messages
        self._generations = generations
        self._finished_files = finished_files
        self._abilities_of = abilities_of
        self._tell = tell
        self._tell_unshown = tell_unshown
        self._calm = calm
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._lanes = RateLanes(clock)
        self._places = RateLane(clock, PLACE_SECONDS)
        self._throttles: dict[int, MessageThrottle] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._untold: dict[int, tuple[float, float]] = {}
        """Of requests whose ending nobody was told: when that was first tried, and when it is tried again."""
        self._closed = False
        self._hurried = asyncio.Event()
        self.showing = UsualSeconds()
        """From the end of a request until its message shows that."""

    def update(self, generation: Generation, event: Event, left: float | None = None) -> None:
        """Show an event soon, unless a newer one comes first. `left` is the estimated seconds until the job is done."""
        if not self._closed:
            self._throttle(generation).push(JobUpdate(event, left))

    def finish(self, generation: Generation) -> None:
        """Show the ending of a request at once, unless nobody could be told of it just now."""
        _, due = self._untold.get(generation.id, (0.0, 0.0))
        if not self._closed and self._clock() >= due:
            self._throttle(generation).end(generation)

    async def drop(self, generation: Generation) -> None:
        """Stop updating the message of a request."""
        if task := self._tasks.get(generation.id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def holds(self, generation_id: int) -> bool:
        """True while the ending of a request is being shown."""
        throttle = self._throttles.get(generation_id)
        return throttle is not None and throttle.ending is not None

    def sends_soon(self, generation: Generation) -> bool:
        """True if the next event would be shown without waiting."""
        return not self._closed and self._throttle(generation).sends_soon

    def hurry(self) -> None:
        """Leave endings that Discord does not take at once to the next start."""
        self._hurried.set()

    async def settle(self) -> None:
        """Wait until all endings given so far are shown."""
        while due := [task for name, task in self._tasks.items() if self._throttles[name].ending]:
            await asyncio.wait(due)

    async def close(self) -> None:
        """Stop all updates. Endings not shown yet are shown after the next start."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _throttle(self, generation: Generation) -> MessageThrottle:
        if generation.id not in self._throttles:

            def lane() -> RateLane:
                return self._lanes.of(self._messages.lane(generation.origin))

            throttle = MessageThrottle(generation, self._show_news, self._show_ending, lane, self._places, self._sleep)
            task = asyncio.create_task(throttle.run(), name=f"updates of {generation.id}")
            task.add_done_callback(lambda task: self._dismiss(generation.id, task))
            self._throttles[generation.id], self._tasks[generation.id] = throttle, task
        return self._throttles[generation.id]

    def _dismiss(self, generation_id: int, task: asyncio.Task[None]) -> None:
        del self._throttles[generation_id], self._tasks[generation_id]
        if not task.cancelled() and (error := task.exception()):
            log_failure(log, error, "updating the message of request %s failed", generation_id)

    async def _show_news(self, generation: Generation, update: JobUpdate) -> None:
        if self._messages.spares_edits(generation.origin):
            return
        await self._calm()
        preview = None
        if (
            isinstance(update.event, Progress | Explaining)
            and update.event.previews
            and not generation.origin.hides_previews
        ):
            preview = await asyncio.to_thread(encode.of_previews, update.event.previews)
        parent = await self._generations.parent_of(generation)
        late = update.left is not None and self._messages.may_miss(generation.origin, update.left)
        with addressing(generation.origin.locale):
            content = views.underway(generation, update.event, preview, parent, update.left, may_be_late=late)
        try:
            await self._messages.edit(generation.origin, content)
        except NOT_SHOWN as missed:
            log.info("an update of request %s was not shown: %s", generation.id, missed)

    async def _show_ending(self, generation: Generation) -> None:
        due = self._clock()
        await self._calm()
        pictures = await self._finished_files.of(generation, self._messages.room(generation.origin))
        parent = await self._generations.parent_of(generation)
        before = await self._finished_files.before(generation, parent)
        try:
            is_shown = await self._tried(generation, lambda: self._show_somehow(generation, pictures, parent, before))
            is_told = is_shown or await self._is_told(generation)
        except EditFailed as failure:
            log.warning("the ending of request %s is shown later: %s", generation.id, failure)
            return
        if not is_told and self._is_tried_again(generation):
            log.info("nobody could be told how request %s ended; it is tried again for a day", generation.id)
            return
        self._untold.pop(generation.id, None)
        self.showing.note(self._clock() - due)
        await self._generations.delivered(generation.id)
        if is_shown and self._tell is not None:
            await self._tell(generation)

    async def _is_told(self, generation: Generation) -> bool:
        """Tell the owner elsewhere how a request ended; False where that is refused, too. Raises `EditFailed`."""
        tell = self._tell_unshown
        if tell is None:
            return True
        try:
            return await self._tried(generation, lambda: tell(generation)) is not False
        except NobodyTold:
            return False

    def _is_tried_again(self, generation: Generation) -> bool:
        """True where the reconciler is to show an ending again of which nobody could be told; the pauses grow."""
        if self._now() - generation.created >= UNTOLD:
            return False
        first, _ = self._untold.get(generation.id, (self._clock(), 0.0))
        self._untold[generation.id] = first, self._clock() + min(self._clock() - first, LONGEST_PAUSE)
        return True

    async def _tried(self, generation: Generation, show: Callable[[], Awaitable[bool | None]]) -> bool | None:
        """Show an ending, and try again for a while where that fails; False where it stays forbidden. Raises
        `EditFailed` where it is left to the reconciler."""
        for seconds in RETRY_SECONDS:
            try:
                return await show()
            except EditFailed as failure:
                if self._hurried.is_set():
                    raise
                log.warning("showing the ending of request %s failed: %s", generation.id, failure)
            await pause(self._sleep, seconds, self._hurried)
        try:
            return await show()
        except EditForbidden as refusal:
            if self._hurried.is_set():
                raise
            log.warning("showing the ending of request %s is forbidden: %s", generation.id, refusal)
            return False

    async def _show_somehow(
        self,
        generation: Generation,
        pictures: list[PictureFile],
        parent: Generation | None,
        before: PictureFile | None,
    ) -> bool:
        """Show an ending as well as Discord lets us; False where it takes none. Raises `EditFailed`."""
        with addressing(generation.origin.locale):
            able = self._abilities_of(generation.settings.model)
            versions = views.ended_versions(generation, pictures, parent, able, before)
        for content in versions:
            try:
                await self._show_ended(generation, content)
            except EditRefused as refusal:
                log.warning("an ending of request %s is refused: %s", generation.id, refusal)
            except MessageUnreachable as gone:
                log.warning("the ending of request %s cannot be shown: %s", generation.id, gone)
                return False
            except MessageDeleted as gone:
                log.info("the message of request %s is deleted: %s", generation.id, gone)
                return generation.state is not JobState.FAILED  # whose reason nobody has seen
            else:
                return True
        return False

    async def _show_ended(self, generation: Generation, content: MessageContent) -> None:
        """Edit the message, or reply to one that is too old to be edited."""
        origin = generation.origin
        if not origin.message_id:
            raise MessageUnreachable(f"request {generation.id} has no message")
        try:
            await self._messages.edit(origin, content)
        except EditsUsedUp:
            message_id = await self._messages.post(origin, content, generation.id, origin.message_id)
            await self._generations.answered(generation, message_id)
