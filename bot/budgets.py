"""How much a person may ask for: what waits, how soon the next may follow, and steps in a day."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from math import ceil

from bot.asker import Asker
from bot.durations import duration
from generation.errors import LimitExceeded
from generation.sentences import Sentence
from generation.settings import Limits
from storage.generations import Generations
from storage.records import Spending

DAY = timedelta(hours=24)

_TOO_SOON = {
    True: Sentence("One request every {cooldown} is allowed here: wait {left} more."),
    False: Sentence("One request every {cooldown} is allowed, in all places together: wait {left} more."),
}
_TOO_MUCH = {
    True: Sentence(
        "This takes {needed:,} steps. {daily:,} are allowed here in 24 hours, and you have {left:,} left. "
        "Ask for fewer steps or pictures, or wait."
    ),
    False: Sentence(
        "This takes {needed:,} steps. {daily:,} are allowed in 24 hours, in all places together, and you have {left:,} "
        "left. Ask for fewer steps or pictures, or wait."
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

    async def check(self, asker: Asker, limits: Limits, charged: int, *, first: bool = True) -> None:
        """Raise `LimitExceeded` where `asker`, who has `limits` where they ask, has asked for too much already to be
        `charged` so many steps more. Requests that came with a `first` one need not wait for its cooldown."""
        for place, held_to in self._held_to(asker, limits):
            held_to.check_waiting(await self._generations.unfinished_of(asker.user_id, place))
            spent = await self._generations.spent(asker.user_id, self._now() - DAY, place)
            here = place is not None
            if first and held_to.cooldown and spent.last:
                _check_cooldown(here, held_to.cooldown, self._now() - spent.last)
            if held_to.daily_steps is not None:
                _check_day(here, held_to.daily_steps, spent, charged)

    async def check_room(self, asker: Asker, limits: Limits, requests: int) -> None:
        """Raise `LimitExceeded` where so many `requests` at once are too many."""
        for place, held_to in self._held_to(asker, limits):
            waiting = await self._generations.unfinished_of(asker.user_id, place)
            if requests > 1 and held_to.waiting is not None and waiting + requests > held_to.waiting:
                raise LimitExceeded(
                    "These are {asked} requests; you may have {most} unfinished ones, and {waiting} wait already.",
                    asked=requests,
                    most=held_to.waiting,
                    waiting=waiting,
                )

    def _held_to(self, asker: Asker, limits: Limits) -> Iterator[tuple[int | None, Limits]]:
        """Where requests are counted, None being everywhere, and what is allowed of them."""
        yield None, self._host_limits
        if asker.guild_id is not None:
            yield asker.guild_id, limits


def _check_cooldown(here: bool, cooldown: int, passed: timedelta) -> None:
    if (left := cooldown - passed.total_seconds()) > 0:
        raise LimitExceeded(_TOO_SOON[here].with_values(cooldown=duration(cooldown), left=duration(ceil(left))))


def _check_day(here: bool, daily: int, spent: Spending, charged: int) -> None:
    if spent.steps + charged > daily:
        left = max(daily - spent.steps, 0)
        raise LimitExceeded(_TOO_MUCH[here].with_values(needed=charged, daily=daily, left=left))
