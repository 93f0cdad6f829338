"""Group commit: requests that come at the same time are checked, and saved in one transaction."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.requests.disk_room import DiskRoom
from bot.requests.plan import Plan
from generation.errors import UserError
from storage.database import StorageError
from storage.generations import AlreadyAsked, Generations
from storage.records import Generation, NewRequest, Origin, Usage

MOST = 32
"""The most groups of requests in a transaction. A larger one would hold up the event loop."""


@dataclass(slots=True, eq=False)
class _Entry:
    """Plans that come together, and once they are dealt with, what became of them."""

    plans: Sequence[Plan]
    origins: Sequence[Origin]
    outcome: list[Generation] | UserError | AlreadyAsked | StorageError | None = None

    @property
    def user_id(self) -> int:
        return self.plans[0].context.requester.user_id

    def to_save(self) -> list[NewRequest]:
        return [plan.to_save(origin) for plan, origin in zip(self.plans, self.origins, strict=True)]


class GroupCommit:
    """Checks budgets and saves plans, in order of arrival.

    Whoever comes first saves for all that wait: a transaction for many costs little more than one for each. Where the
    database fails, all that wait are refused, before Discord gives them up.
    """

    def __init__(self, *, budgets: Budgets, generations: Generations, dispatcher: Dispatcher, disk: DiskRoom) -> None:
        self._budgets = budgets
        self._disk = disk
        self._generations = generations
        self._dispatcher = dispatcher
        self._waiting: deque[_Entry] = deque()

    async def save(self, plans: Sequence[Plan], origins: Sequence[Origin]) -> list[Generation]:
        """Save requests that come together, all or none, and take their places in the queue.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person may not ask
        for all of that now.
        """
        entry = _Entry(plans, origins)
        self._waiting.append(entry)
        try:
            async with self._dispatcher.taking_in:
                if entry.outcome is None:
                    await self._save_together(self._next())
        finally:
            self._waiting.remove(entry)
        assert entry.outcome is not None
        if isinstance(entry.outcome, Exception):
            raise entry.outcome
        return entry.outcome

    async def check(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where the queue is full, or a person may not ask for all of that now, and `Refusal`
        where the disk is nearly full."""
        self._check(plans, await self._budgets.usage(plans[0].context.requester), 0)

    def _next(self) -> list[_Entry]:
        """The entries that are saved together: one for each person, so that each is checked against the last."""
        taken: dict[int, _Entry] = {}
        for entry in self._waiting:
            if entry.outcome is None:
                if entry.user_id in taken or len(taken) == MOST:
                    break
                taken[entry.user_id] = entry
        return list(taken.values())

    async def _save_together(self, entries: Sequence[_Entry]) -> None:
        try:
            usages = await self._budgets.usages([entry.user_id for entry in entries])
            allowed = self._allowed(entries, usages)
            saved = await self._generations.add_side_by_side([entry.to_save() for entry in allowed])
        except StorageError as failure:
            for entry in self._waiting:
                entry.outcome = entry.outcome or failure
            return
        for entry, generations in zip(allowed, saved, strict=True):
            if generations is None:
                entry.outcome = AlreadyAsked(entry.origins[0].key)
                continue
            entry.outcome = generations
            self._budgets.note(entry.plans[0].context.requester)
            self._dispatcher.expect(generations)

    def _allowed(self, entries: Sequence[_Entry], usages: Mapping[int, Usage]) -> list[_Entry]:
        """Those of the entries that limits allow; the others get their refusals."""
        allowed: list[_Entry] = []
        before = 0
        for entry in entries:
            try:
                self._check(entry.plans, usages[entry.user_id], before)
            except UserError as refusal:
                entry.outcome = refusal
            else:
                allowed.append(entry)
                before += len(entry.plans)
        return allowed

    def _check(self, plans: Sequence[Plan], used: Usage, before: int) -> None:
        """Raise `LimitExceeded` where plans are too much, when the queue takes so many requests `before`, and `Refusal`
        where what they draw could not be saved."""
        self._disk.check()
        self._dispatcher.check_queue_length(before + len(plans))
        charged = sum(plan.charged for plan in plans)
        requester = plans[0].context.requester
        for limits in dict.fromkeys(plan.limits for plan in plans):
            self._budgets.check(requester, limits, used, charged, requests=len(plans))
