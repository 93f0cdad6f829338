"""Cooldowns, when somebody sets the clock of the host."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.policy.budgets import Budgets
from bot.policy.requester import Requester
from generation.errors import LimitExceeded
from generation.settings import GenerationSettings, Limits
from storage import database
from storage.database import Sessions
from storage.generations import Generations
from storage.records import Lineage, Origin
from tests.databases import save_empty
from tests.saved import saved

PERSON = Requester(1, None)
LIMITS = Limits(cooldown=5)


APPLE = GenerationSettings(prompt="an apple", seed=7, model="pocket", width=64, height=64)


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        yield sessions


async def test_a_clock_that_is_set_back_makes_no_cooldown_longer(sessions: Sessions) -> None:
    now, ticks = datetime(2026, 1, 1, 12, tzinfo=UTC), 100.0
    generations = Generations(sessions, lambda: now)
    budgets = Budgets(host_limits=LIMITS, generations=generations, now=lambda: now, clock=lambda: ticks)
    await saved(generations, Origin("key", PERSON.user_id, 2, 3), APPLE, Lineage(), charged=1)
    budgets.note(PERSON)
    now -= timedelta(minutes=15)
    ticks += 1
    used = (await budgets.usages([PERSON.user_id]))[PERSON.user_id]
    with pytest.raises(LimitExceeded, match="Wait 4 sec more"):
        budgets.check(PERSON, LIMITS, used, 1)
    ticks += 4
    budgets.check(PERSON, LIMITS, used, 1)
    after_a_restart = Budgets(host_limits=LIMITS, generations=generations, now=lambda: now)
    after_a_restart.check(PERSON, LIMITS, used, 1)


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_clock_that_is_set_back_makes_no_daily_budget_longer_than_a_day(
    sessions: Sessions, forgotten: bool
) -> None:
    """As on a machine that starts with a wrong clock, which is then set right."""
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    generations = Generations(sessions, lambda: now)
    first = await saved(generations, Origin("early", 9, 2, 3), APPLE, Lineage(), charged=1)
    await saved(generations, Origin("key", PERSON.user_id, 2, 3), APPLE, Lineage(), charged=7)
    if forgotten:
        await generations.forget_user(PERSON.user_id)
    now -= timedelta(days=30)
    await saved(generations, Origin("later", 9, 2, 3), APPLE, Lineage(), charged=1)
    budgets = Budgets(host_limits=Limits(daily_steps=10), generations=generations, now=lambda: now)
    with pytest.raises(LimitExceeded, match="wait 1 day"):
        budgets.check(PERSON, Limits(), await budgets.usage(PERSON), 4)
    await generations.lease(alone=True)
    assert (await budgets.usage(PERSON)).steps == 7
    for hours, steps in ((23, 7), (2, 0)):
        now += timedelta(hours=hours)
        await generations.lease(alone=True)
        assert (await budgets.usage(PERSON)).steps == steps
    corrected = await generations.get(first.id)
    assert corrected is not None
    assert corrected.created < now
