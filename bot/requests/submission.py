"""From a plan to a saved request that is queued."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.delivery.audit_log import AuditLog
from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.requests.plan import Plan
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Origin


class Submission:
    """Takes plans in. Budgets are checked twice: early, where a refusal costs nothing, and again under a lock."""

    def __init__(
        self,
        *,
        budgets: Budgets,
        generations: Generations,
        images: Images,
        dispatcher: Dispatcher,
        audit_log: AuditLog,
    ) -> None:
        self._budgets = budgets
        self._generations = generations
        self._images = images
        self._dispatcher = dispatcher
        self._audit_log = audit_log
        self._accepting = asyncio.Lock()
        """Held from the check of a budget to the row that is charged to it."""

    def seconds_until(self, plans: Sequence[Plan]) -> float | None:
        """Seconds until plans would be drawn, after all that waits; None where that is not known."""
        return self._dispatcher.seconds_until([each for plan in plans if plan.draws for each in plan.work.each])

    async def check(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where the queue is full, or a person may not ask for all of that now."""
        self._dispatcher.check_queue_length(len(plans))
        charged = sum(plan.charged for plan in plans)
        await self._budgets.check(plans[0].context.requester, plans[0].limits, charged, requests=len(plans))

    async def check_room(self, plan: Plan, requests: int) -> None:
        """Raise `LimitExceeded` where so many requests like a plan are too many at once."""
        self._dispatcher.check_queue_length(requests)
        if requests > 1:
            await self._budgets.check_room(plan.context.requester, plan.limits, requests)

    async def accept(self, plan: Plan, origin: Origin, *, with_others: int = 0, first: bool = True) -> Generation:
        """Save the files that a request starts from, then its row; then queue it.

        The `first` of several requests that come together is checked for the steps of all: its own, and those
        `with_others`. Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person
        has asked for too much since the plan was made.
        """
        inputs = plan.inputs if plan.prepare is None else await plan.prepare()
        requester = plan.context.requester
        async with self._images.together() as images:
            kept = {role: await images.keep(png, origin.user_id) for role, png in inputs.given()}
            async with self._accepting:
                self._dispatcher.check_queue_length()
                await self._budgets.check(requester, plan.limits, plan.charged + with_others, first=first)
                generation = await self._generations.add(
                    origin,
                    plan.settings,
                    plan.lineage,
                    plan.factor,
                    replace(plan.files, **kept),
                    plan.cells,
                    plan.axes,
                    charged=plan.charged,
                )
        await self._dispatcher.submit(generation)
        self._audit_log.asked(generation, plan.context.rulebook.log_channel_id)
        return generation
