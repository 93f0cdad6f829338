"""Takes up every request that nobody works on, at the start and every minute."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import groupby

from bot.delivery.cleanup import Cleanup
from bot.delivery.updates import MessageUpdates
from bot.jobs.dispatcher import Dispatcher
from bot.requests.preparation import Preparation
from generation.errors import UserError
from storage.database import StorageError
from storage.generations import Generations
from storage.leftovers import Leftovers
from storage.records import Generation

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two looks at the requests."""


class Reconciler:
    """Compares the rows with what is at work here: what is unfinished goes on, and what is undelivered is shown.

    It takes the rows of others too, for whoever owns the data folder is alone with its database; where several share
    one, only those that this bot looks after: see `Generations.lease`.
    """

    def __init__(
        self,
        *,
        generations: Generations,
        preparation: Preparation,
        dispatcher: Dispatcher,
        delivery: MessageUpdates,
        cleanup: Cleanup,
        leftovers: Leftovers,
        check_person: Callable[[int, int | None], None],
        resume_gallery: Callable[[], Awaitable[None]],
        every: float = EVERY,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._generations = generations
        self._preparation = preparation
        self._dispatcher = dispatcher
        self._delivery = delivery
        self._cleanup = cleanup
        self._leftovers = leftovers
        self._check_person = check_person
        self._resume_gallery = resume_gallery
        self._every = every
        self._sleep = sleep

    async def run(self) -> None:
        """Look every minute until cancelled."""
        while True:
            await self._sleep(self._every)
            try:
                await self.look()
            except StorageError as failure:
                log.warning("the requests cannot be looked at now; trying again soon: %s", failure)

    async def look(self, *, alone: bool = True) -> None:
        """Take up what nobody works on, and remove what is marked for removal or has been kept for long enough.

        A bot that is `alone` with the database takes the rows of others too.
        """
        leased = await self._generations.lease(alone=alone, held=self._is_held)
        async with self._dispatcher.taking_in:
            idle = [each for each in leased if not self._is_held(each.id)]
            self._dispatcher.expect(each for each in idle if each.state.unfinished)
        try:
            fresh = [each for each in [await self._again(each) for each in idle] if each]
        except StorageError:
            for each in idle:
                self._dispatcher.forget(each)
            raise
        for _, together in groupby((each for each in fresh if each.state.unfinished), lambda each: each.origin.event):
            self._preparation.begin(list(together), again=True)
        for each in fresh:
            if not each.state.unfinished and not each.delivered:
                self._delivery.finish(each)
        await self._cleanup.resume()
        await self._resume_gallery()
        await self._leftovers.remove_old()

    async def _again(self, generation: Generation) -> Generation | None:
        """A request as it is now, for it may have ended since it was read; None where it is gone."""
        now = await self._generations.get(generation.id)
        if now is not None and now.state.unfinished and (refusal := self._refusal(now)):
            log.info("request %s is not drawn: %s", now.id, refusal)
            now = await self._generations.fail(now.id, str(refusal))
        if now is None or not now.state.unfinished:
            self._dispatcher.forget(generation)
        return now

    def _refusal(self, generation: Generation) -> UserError | None:
        """Why somebody may not use the bot any more; None where they may."""
        try:
            self._check_person(generation.origin.user_id, generation.origin.guild_id)
        except UserError as refusal:
            return refusal
        return None

    def _is_held(self, generation_id: int) -> bool:
        return self._dispatcher.holds(generation_id) or self._delivery.holds(generation_id)
