"""From a plan to a saved request."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.requests.disk_room import DiskRoom
from bot.requests.group_commit import GroupCommit
from bot.requests.plan import Plan
from bot.requests.preparation import Preparation
from storage.database import StorageError
from storage.generations import Generations
from storage.records import Generation, Origin

log = logging.getLogger(__name__)


class Submission:
    """Saves plans, then has them prepared and queued.

    A request is saved before Discord is answered, so that an answer never promises one that a crash can lose. Budgets
    are checked there; `check` is for those who are only asked a question yet.
    """

    def __init__(
        self,
        *,
        budgets: Budgets,
        generations: Generations,
        dispatcher: Dispatcher,
        preparation: Preparation,
        disk: DiskRoom,
    ) -> None:
        self._budgets = budgets
        self._generations = generations
        self._dispatcher = dispatcher
        self._preparation = preparation
        self._group_commit = GroupCommit(budgets=budgets, generations=generations, dispatcher=dispatcher, disk=disk)

    def seconds_until(self, plans: Sequence[Plan]) -> float | None:
        """Seconds until plans of one person would be drawn, in their turn; None where that is not known."""
        works = [each for plan in plans if plan.draws for each in plan.work.each]
        return self._dispatcher.seconds_until(works, plans[0].context.requester.user_id)

    async def check(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where the queue is full, or a person may not ask for all of that now."""
        await self._group_commit.check(plans)

    async def check_room(self, plan: Plan, requests: int) -> None:
        """Raise `LimitExceeded` where so many requests like a plan are too many at once."""
        self._dispatcher.check_queue_length(requests)
        if requests > 1:
            requester = plan.context.requester
            used = await self._budgets.usage(requester)
            self._budgets.check_room(requester, plan.limits, used, requests)

    async def save(self, plans: Sequence[Plan], origins: Sequence[Origin]) -> list[Generation]:
        """Save requests that come together, all or none, and take their places in the queue.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person has asked for
        too much since the plans were made.
        """
        return await self._group_commit.save(plans, origins)

    async def withdraw(self, saved: Sequence[Generation]) -> None:
        """Take back requests that Discord was never told of, now or with the next look at the requests."""
        for generation in saved:
            self._dispatcher.forget(generation)
        try:
            await self._generations.withdraw(each.id for each in saved)
        except StorageError as failure:
            log.warning("request %s is withdrawn later: %s", saved[0].id, failure)

    def acknowledged(self, saved: Sequence[Generation], message_id: int) -> None:
        """Go on with requests whose acknowledgement, for the first of them, is this message."""
        first, *others = saved
        first = replace(first, origin=replace(first.origin, message_id=message_id))
        self._preparation.begin([first, *others])

    def go_on(self, saved: Sequence[Generation]) -> None:
        """Go on with requests whose answers are not known, or not posted yet."""
        self._preparation.begin(saved)
