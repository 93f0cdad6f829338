"""From a saved request to a queued one: its answer is posted, and what is pending is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot import views
from bot.delivery.audit_log import AuditLog
from bot.delivery.messages import (
    ANSWER_SECONDS,
    EditFailed,
    EditForbidden,
    EditRefused,
    Empty,
    MessageDeleted,
    Messages,
    MessageUnreachable,
    NeverAcknowledged,
)
from bot.delivery.updates import Calm, MessageUpdates
from bot.errors import UNEXPECTED, sentence_for
from bot.failure_log import log_failure
from bot.jobs.dispatcher import Dispatcher
from bot.locales import addressing
from bot.policy.blocked_content import BlockedContent
from bot.requests.completion import Completion
from bot.views import MessageContent
from generation.errors import UserError
from storage.database import StorageError
from storage.generations import Generations
from storage.records import Answer, Generation, Origin

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=10)
"""The age of a request after which it no longer waits for a disk that takes nothing, or a channel that is forbidden:
its token can still say so."""


class Preparation:
    """Prepares saved requests in the background. What fails for now is left to the reconciler."""

    def __init__(
        self,
        *,
        generations: Generations,
        completion: Completion,
        dispatcher: Dispatcher,
        messages: Messages,
        delivery: MessageUpdates,
        audit_log: AuditLog,
        calm: Calm,
        now: Callable[[], datetime],
    ) -> None:
        self._generations = generations
        self._completion = completion
        self._dispatcher = dispatcher
        self._messages = messages
        self._delivery = delivery
        self._audit_log = audit_log
        self._calm = calm
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, saved: Sequence[Generation], *, again: bool = False) -> None:
        """Prepare requests that came together, and queue each.

        `again` is True for those of an earlier try, whose answers may have been posted without a record of it.
        """
        task = asyncio.create_task(self._prepare(saved, again), name=f"prepare {saved[0].id}")
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._dismiss(saved, task))

    def _dismiss(self, saved: Sequence[Generation], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log_failure(log, error, "preparing request %s failed", saved[0].id)
            for generation in saved:
                self._dispatcher.forget(generation)

    async def close(self) -> None:
        """Stop. What is not prepared is prepared after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _prepare(self, saved: Sequence[Generation], again: bool) -> None:
        """Post the answers in their order, then do side by side what takes long; after a rush, if there is one.

        What follows an acknowledgement waits until that is known.
        """
        await self._calm()
        first, *others = saved
        try:
            begun = await self._guarded(first, self._answered(first, first, again))
        except NeverAcknowledged as unknown:
            await self._withdraw(saved, unknown)
            return
        if begun is None and first.origin.answer is Answer.ORIGINAL:
            for each in others:
                self._dispatcher.forget(each)
            return
        answered = [begun, *[await self._guarded(each, self._answered(each, first, again)) for each in others]]
        told: set[str] = set()
        await asyncio.gather(*(self._guarded(each, self._queued(each, told)) for each in answered if each))

    async def _withdraw(self, saved: Sequence[Generation], reason: NeverAcknowledged) -> None:
        log.info("request %s and %s more are withdrawn: %s", saved[0].id, len(saved) - 1, reason)
        for each in saved:
            self._dispatcher.forget(each)
        await self._generations.withdraw(each.id for each in saved if not each.origin.message_id)

    async def _guarded(self, generation: Generation, step: Awaitable[Generation | None]) -> Generation | None:
        """Do a step; None where the request does not go on, or not now."""
        try:
            done = await step
        except (StorageError, EditFailed, OSError) as failure:
            log.warning("request %s cannot go on now; it is taken up again soon: %s", generation.id, failure)
            done = None
        if done is None:
            self._dispatcher.forget(generation)
        return done

    async def _answered(self, generation: Generation, first: Generation, again: bool) -> Generation | None:
        """A request with the message that answers it; None for one that has none.

        Somebody has deleted it then, or it cannot be posted, and its person is told elsewhere. Raises
        `NeverAcknowledged`, for the first of those that came together.
        """
        if generation.origin.message_id:
            if not again:
                generation = await self._generations.answered(generation, generation.origin.message_id)
                self._audit_log.asked(generation)
            return generation
        try:
            message_id = await self._message_of(generation, first, again)
        except (MessageUnreachable, MessageDeleted, EditForbidden, EditRefused) as refusal:
            if isinstance(refusal, EditForbidden) and self._is_patient(generation):
                raise
            log.warning("request %s cannot be answered: %s", generation.id, refusal)
            self._delivery.finish(await self._generations.fail(generation.id, str(UNEXPECTED)))
            return None
        if message_id is None:
            log.info("request %s is withdrawn: its answer is deleted", generation.id)
            await self._generations.withdraw([generation.id])
            return None
        answered = await self._generations.answered(generation, message_id)
        self._audit_log.asked(answered)
        return answered

    async def _message_of(self, generation: Generation, first: Generation, again: bool) -> int | None:
        origin = generation.origin
        if origin.answer is Answer.ORIGINAL:
            return await self._original(origin, again)
        if again and (found := await self._found(generation)):
            return found
        content = await self._starting(generation)
        if origin.answer is Answer.REPLY:
            parent = await self._generations.parent_of(generation)
            return await self._messages.post(origin, content, generation.id, parent.origin.message_id if parent else 0)
        return await self._messages.follow_up(origin, content, await self._before(origin, first), generation.id)

    async def _found(self, generation: Generation) -> int | None:
        """The answer that was posted without a record of it; None where there is none, or the bot may not look for it
        in all that time."""
        try:
            return await self._messages.find(generation.origin, generation.id)
        except EditForbidden:
            if self._is_patient(generation):
                raise
            return None

    async def _before(self, origin: Origin, first: Generation) -> MessageContent | Empty:
        """What is to happen to an acknowledgement that is still empty, before a request follows it."""
        if first.origin.answer is Answer.ORIGINAL:
            return await self._starting(first)
        return Empty.WAIT if await self._generations.is_due(origin.event) else Empty.TAKE

    async def _original(self, origin: Origin, again: bool) -> int | None:
        """The acknowledgement; where there is none after a try of just now, that may still be on its way."""
        try:
            return await self._messages.original(origin)
        except NeverAcknowledged:
            if again:
                raise
        await asyncio.sleep(ANSWER_SECONDS)
        return await self._messages.original(origin)

    async def _queued(self, generation: Generation, told: set[str]) -> Generation | None:
        """A request that is queued, once nothing is pending, or has ended with that; None where it is refused."""
        if generation.pending:
            try:
                completed = await self._completion.complete(generation)
            except UserError as failure:
                await self._refuse(generation, failure, told)
                return None
            except OSError as failure:
                if self._is_patient(generation):
                    raise
                await self._refuse(generation, failure, told)
                return None
            if completed is None:
                return None
            if not completed.state.unfinished:
                self._dispatcher.forget(completed)
                self._delivery.finish(completed)
                return completed
            generation = completed
        await self._dispatcher.submit(generation)
        return generation

    def _is_patient(self, generation: Generation) -> bool:
        """True for a request that is new enough to wait for what may pass."""
        return self._now() - generation.created < PATIENCE

    async def _refuse(self, generation: Generation, failure: UserError | OSError, told: set[str]) -> None:
        """End a request that cannot be drawn, and tell its person alone why, unless that is among what was `told`."""
        if not isinstance(failure, UserError):
            log.error("what request %s starts from cannot be kept: %s", generation.id, failure)
        origin = generation.origin
        if isinstance(failure, BlockedContent):
            self._audit_log.refused(origin.guild_id, origin.channel_id, origin.user_id, failure)
        with addressing(origin.locale):
            sentence = sentence_for(failure)
        failed = await self._generations.fail(generation.id, sentence)
        is_new = sentence not in told
        told.add(sentence)
        if await self._messages.refuse(failed.origin, sentence if is_new else ""):
            await self._generations.delivered(failed.id)
        else:
            self._delivery.finish(failed)

    async def _starting(self, generation: Generation) -> MessageContent:
        parent = await self._generations.parent_of(generation)
        with addressing(generation.origin.locale):
            return views.starting(generation, parent)
