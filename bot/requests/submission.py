"""From a plan to a saved request."""

import asyncio
import contextlib
from collections.abc import Sequence

from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.requests.plan import Plan
from bot.requests.preparation import Preparation
from storage.database import StorageError
from storage.generations import Generations
from storage.records import Generation, Origin


class Submission:
    """Saves plans, then has them prepared and queued.

    A request is saved before Discord is answered, so that an answer never promises one that a crash can lose. Budgets
    are checked there, under a lock; `check` is for those who are only asked a question yet.
    """

    def __init__(
        self, *, budgets: Budgets, generations: Generations, dispatcher: Dispatcher, preparation: Preparation
    ) -> None:
        self._budgets = budgets
        self._generations = generations
        self._dispatcher = dispatcher
        self._preparation = preparation
        self._accepting = asyncio.Lock()
        """Held from the check of a budget to the row that is charged to it."""

    def seconds_until(self, plans: Sequence[Plan]) -> float | None:
        """Seconds until plans of one person would be drawn, in their turn; None where that is not known."""
        works = [each for plan in plans if plan.draws for each in plan.work.each]
        return self._dispatcher.seconds_until(works, plans[0].context.requester.user_id)

    async def check(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where the queue is full, or a person may not ask for all of that now."""
        self._dispatcher.check_queue_length(len(plans))
        charged = sum(plan.charged for plan in plans)
        for limits in dict.fromkeys(plan.limits for plan in plans):
            await self._budgets.check(plans[0].context.requester, limits, charged, requests=len(plans))

    async def check_room(self, plan: Plan, requests: int) -> None:
        """Raise `LimitExceeded` where so many requests like a plan are too many at once."""
        self._dispatcher.check_queue_length(requests)
        if requests > 1:
            await self._budgets.check_room(plan.context.requester, plan.limits, requests)

    async def save(self, plans: Sequence[Plan], origins: Sequence[Origin]) -> list[Generation]:
        """Save requests that come together, all or none, and take their places in the queue.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person has asked for
        too much since the plans were made.
        """
        requests = [plan.to_save(origin) for plan, origin in zip(plans, origins, strict=True)]
        async with self._accepting:
            await self.check(plans)
            saved = await self._generations.add(requests)
            self._budgets.note(plans[0].context.requester)
            self._dispatcher.expect(saved)
        return saved

    async def withdraw(self, saved: Sequence[Generation]) -> None:
        """Take back requests that Discord was never told of."""
        for generation in saved:
            self._dispatcher.forget(generation)
            await self._generations.withdraw(generation.id)

    async def acknowledged(self, saved: Sequence[Generation], message_id: int) -> None:
        """Go on with requests whose acknowledgement, for the first of them, is this message."""
        first, *others = saved
        with contextlib.suppress(StorageError):  # Discord is asked for the message again then
            first = await self._generations.answered(first, message_id)
        self._preparation.begin([first, *others])

    def go_on(self, saved: Sequence[Generation]) -> None:
        """Go on with requests whose answers are not known, or not posted yet."""
        self._preparation.begin(saved)
