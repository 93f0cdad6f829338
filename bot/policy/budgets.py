"""How much a person may ask for: what waits, how soon the next may follow, and steps in a day."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from math import ceil

from bot.locales.durations import duration
from bot.policy.requester import Requester
from generation.errors import LimitExceeded
from generation.sentences import Sentence
from generation.settings import Limits
from storage.generations import BUDGET_TIME, Generations

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
"""By whether it is a server's own limit."""


class Budgets:
    """Holds people to the host's limits, over all that they ask for wherever, and to a server's, over what they ask
    for in it."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        generations: Generations,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._host_limits = host_limits
        self._generations = generations
        self._now = now

    async def check(self, requester: Requester, limits: Limits, charged: int, *, first: bool = True) -> None:
        """Raise `LimitExceeded` where `charged` more steps are too many for a person with `limits` here.

        Only the `first` of several requests that come together waits for the cooldown.
        """
        for place, held_to in self._held_to(requester, limits):
            held_to.check_waiting(await self._generations.unfinished_of(requester.user_id, place))
            spent = await self._generations.spent(requester.user_id, self._now() - BUDGET_TIME, place)
            if first and held_to.cooldown and spent.last:
                _check_cooldown(place is not None, held_to.cooldown, self._now() - spent.last)
            if held_to.daily_steps is not None and spent.steps + charged > held_to.daily_steps:
                left = max(held_to.daily_steps - spent.steps, 0)
                advice = await self._advice(requester.user_id, place, charged - left)
                refusal = _TOO_MUCH[place is not None].with_values(needed=charged, daily=held_to.daily_steps)
                raise LimitExceeded(refusal.with_values(left=left, advice=advice))

    async def check_room(self, requester: Requester, limits: Limits, requests: int) -> None:
        """Raise `LimitExceeded` where so many `requests` at once are too many."""
        for place, held_to in self._held_to(requester, limits):
            waiting = await self._generations.unfinished_of(requester.user_id, place)
            if requests > 1 and held_to.waiting is not None and waiting + requests > held_to.waiting:
                raise LimitExceeded(
                    "This needs {asked} places in the queue; you have {left} of {most} left.",
                    asked=requests,
                    left=max(held_to.waiting - waiting, 0),
                    most=held_to.waiting,
                )

    async def _advice(self, user_id: int, place: int | None, lacking: int) -> Sentence:
        """What to do where so many steps are lacking: when they come back, if all that was asked for is enough."""
        since = self._now() - BUDGET_TIME
        for asked, steps in await self._generations.charges(user_id, since, place):
            lacking -= steps
            if lacking <= 0:
                wait = duration(ceil((asked - since).total_seconds()))
                return Sentence("Ask for fewer steps or pictures, or wait {time}.", time=wait)
        return Sentence("Ask for fewer steps or pictures.")

    def _held_to(self, requester: Requester, limits: Limits) -> Iterator[tuple[int | None, Limits]]:
        """Where requests are counted, None being everywhere, and what is allowed of them."""
        yield None, self._host_limits
        if requester.guild_id is not None:
            yield requester.guild_id, limits


def _check_cooldown(here: bool, cooldown: int, passed: timedelta) -> None:
    if (left := cooldown - passed.total_seconds()) > 0:
        raise LimitExceeded(_TOO_SOON[here].with_values(cooldown=duration(cooldown), left=duration(ceil(left))))
