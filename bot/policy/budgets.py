"""How much a person may ask for: unfinished requests, the time between two, and steps in a day."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import ceil, inf

from bot.locales.durations import Duration
from bot.policy.requester import Requester
from generation.errors import LimitExceeded
from generation.sentences import Sentence
from generation.settings import Limits
from storage.generations import BUDGET_TIME, Generations
from storage.records import Usage

_TOO_SOON = {
    True: Sentence("You can send one request every {cooldown} here. Wait {left} more."),
    False: Sentence(
        "You can send one request every {cooldown}, counting all servers and direct messages. Wait {left} more."
    ),
}
_TOO_MUCH = {
    True: Sentence("This needs {needed:,} steps. You have {left:,} of {daily:,} left here in 24 hours. {advice}"),
    False: Sentence(
        "This needs {needed:,} steps. You have {left:,} of {daily:,} left in 24 hours, counting all servers and "
        "direct messages. {advice}"
    ),
}
"""By whether the limit is a server's own."""


class Budgets:
    """Holds people to the host's limits, over all places together, and to a server's limits in that server."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        generations: Generations,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host_limits = host_limits
        self._generations = generations
        self._now = now
        self._clock = clock
        self._asked: dict[tuple[int, int | None], float] = {}
        """The time of each person's latest request in a server, and everywhere (None), by a clock that nobody sets."""

    def note(self, requester: Requester) -> None:
        """Note that a person's request is saved."""
        for place in (None, requester.guild_id):
            self._asked[requester.user_id, place] = self._clock()

    async def usages(self, user_ids: Iterable[int]) -> Mapping[int, Usage]:
        """What people have asked for that still counts, by person."""
        return await self._generations.usages(user_ids, self._now() - BUDGET_TIME)

    async def usage(self, requester: Requester) -> Usage:
        """What a person has asked for that still counts."""
        return (await self.usages([requester.user_id]))[requester.user_id]

    def check(self, requester: Requester, limits: Limits, used: Usage, charged: int, *, requests: int = 1) -> None:
        """Raise `LimitExceeded` where a person, who has `limits` in this place and has `used` so much, may not make so
        many `requests` now, which are charged so many steps together.

        Of several requests that come together, only the first waits for the cooldown.
        """
        self.check_room(requester, limits, used, requests)
        for place, allowed in self._limits(requester, limits):
            here = used.within(place)
            allowed.check_waiting(here.unfinished)
            if allowed.cooldown and here.last:
                _check_cooldown(place is not None, allowed.cooldown, self._since(requester, place, here.last))
            if allowed.daily_steps is not None and here.steps + charged > allowed.daily_steps:
                left = max(allowed.daily_steps - here.steps, 0)
                refusal = _TOO_MUCH[place is not None].with_values(needed=charged, daily=allowed.daily_steps)
                raise LimitExceeded(refusal.with_values(left=left, advice=self._advice(here, charged - left)))

    def check_room(self, requester: Requester, limits: Limits, used: Usage, requests: int) -> None:
        """Raise `LimitExceeded` where so many `requests` at once are too many."""
        for place, allowed in self._limits(requester, limits):
            _check_room(used.within(place), allowed, requests)

    def _since(self, requester: Requester, place: int | None, last: datetime) -> float:
        """The seconds since a person's `last` request in a place. Where the wall clock was set back since, another
        clock tells; after a restart, nothing does, and the request counts as long ago."""
        passed = (self._now() - last).total_seconds()
        if passed >= 0:
            return passed
        asked = self._asked.get((requester.user_id, place))
        return inf if asked is None else self._clock() - asked

    def _advice(self, used: Usage, lacking: int) -> Sentence:
        """Advice for somebody who lacks so many steps, with the time until they come back if they ever do."""
        now = self._now()
        for charge in used.counted:
            lacking -= charge.steps
            if lacking <= 0:
                asked = min(charge.asked, now)  # later is from before the clock was set back
                wait = Duration(ceil((asked + BUDGET_TIME - now).total_seconds()))
                return Sentence("Ask for fewer steps or pictures, or wait {time}.", time=wait)
        return Sentence("Ask for fewer steps or pictures.")

    def _limits(self, requester: Requester, limits: Limits) -> Iterator[tuple[int | None, Limits]]:
        """The limits of each place where requests are counted; None is everywhere."""
        yield None, self._host_limits
        if requester.guild_id is not None:
            yield requester.guild_id, limits


def _check_room(used: Usage, limits: Limits, requests: int) -> None:
    if requests > 1 and limits.waiting is not None and used.unfinished + requests > limits.waiting:
        raise LimitExceeded(
            "This needs {asked} places in the queue; you have {left} of {most} left.",
            asked=requests,
            most=limits.waiting,
            left=max(limits.waiting - used.unfinished, 0),
        )


def _check_cooldown(here: bool, cooldown: int, passed: float) -> None:
    if (left := cooldown - passed) > 0:
        raise LimitExceeded(_TOO_SOON[here].with_values(cooldown=Duration(cooldown), left=Duration(ceil(left))))
