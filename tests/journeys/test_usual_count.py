"""How many pictures a request makes that names no number: four on a fast device, unless somebody decides otherwise."""

from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.policy import usual_count
from generation.settings import Limits
from tests.journeys.conftest import Member, Start, filled, save_pace, text_of, until_nothing_is_due, urls_of
from tests.journeys.test_blend import picture

FAST, SLOW = 0.01, 1.0
"""Seconds a row."""


@pytest.fixture
async def fast(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that was measured, and draws four pictures in a few tenths of a second."""
    monkeypatch.setattr(usual_count, "SOON", 5.0)
    await save_pace(tmp_path, FAST)


async def drawn(member: Member, **options: Any) -> int:
    return len(urls_of(await member.imagine(**options)))


async def test_a_fast_device_draws_four_unless_somebody_says_how_many(
    fast: None, start: Start, member: Member, admin: Member
) -> None:
    async with start():
        assert await drawn(member) == 4
        assert await drawn(member, count=2) == 2
        assert await drawn(member, prompt="a fox --repeat 3") == 3
        assert "count **4**" in text_of(await admin.see(await admin.asks("server show"), filled))
        await admin.slash("server defaults", {"count": 2})
        assert await drawn(member) == 2
        await member.slash("settings defaults", {"count": 1})
        assert await drawn(member) == 1


async def test_a_slow_device_and_one_that_was_not_measured_draw_one(
    start: Start, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual_count, "SOON", 5.0)
    async with start():
        assert await drawn(member) == 1
    await save_pace(tmp_path, SLOW)
    async with start():
        assert await drawn(member) == 1


async def test_what_takes_longer_than_usual_is_drawn_once(fast: None, start: Start, member: Member) -> None:
    async with start():
        assert await drawn(member, steps=150) == 1
        assert await drawn(member, steps=150, count=2) == 2


async def test_each_of_several_prompts_is_drawn_once(fast: None, start: Start, member: Member) -> None:
    async with start():
        first = await member.imagine("a {red, blue} fox")
        second = await member.wait_for(lambda each: each["id"] != first["id"] and len(urls_of(each)) > 0)
        assert (len(urls_of(first)), len(urls_of(second))) == (1, 1)


async def test_a_limit_lowers_it_and_a_daily_budget_is_spent_on_one(fast: None, start: Start, member: Member) -> None:
    async with start(limits=Limits(count=2)):
        assert await drawn(member) == 2
    async with start(limits=Limits(daily_steps=1000)):
        assert await drawn(member) == 1


async def test_figures_show_one_and_start_pictures_have_four_answers(fast: None, start: Start, member: Member) -> None:
    async with start() as bot:
        assert await drawn(member, image=picture("red")) == 4
        await member.slash("explain", {"prompt": "a fox", "steps": 4})
        await until_nothing_is_due(bot)
        explained = await bot.generations.get(2)
        assert explained is not None
        assert explained.settings.count == 1


async def test_the_speed_that_a_worker_reports_counts(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, pool: Any
) -> None:
    monkeypatch.setattr(usual_count, "SOON", 60.0)
    pool.hold()
    first = await member.start()
    await member.see_drawing(pool, first, 1)
    await member.see_drawing(pool, first, 2)
    pool.release()
    assert len(urls_of(await member.see_finished(first))) == 1
    assert await drawn(member) == 4
