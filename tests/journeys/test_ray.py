"""Two actors of a Ray cluster draw: what members see is as on one machine, whatever becomes of actors and nodes."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot import app, worker_pools
from bot.config import RayConfig
from generation.ray_pool import RayPool
from tests.journeys.conftest import Member, Start, finished, text_of, until, urls_of, words_of
from tests.ray_pools import RayPools, until_joined

STEPS = 30
"""Of a picture that is not done when something happens to it."""


@pytest.fixture
async def bot(start: Start, ray_pool: RayPool) -> AsyncIterator[app.Bot]:
    """The bot, which draws on Ray."""
    async with start(ray_pool) as bot:
        yield bot


async def drawing(member: Member) -> dict[str, object]:
    """A picture that is being drawn."""
    started = await member.start(steps=STEPS, guidance=1.0, seed=7)
    return await member.see(started, lambda each: f"of {STEPS}" in text_of(each))


async def test_a_picture_its_reroll_and_one_that_is_cancelled(bot: app.Bot, member: Member) -> None:
    first = await member.imagine(seed=7)
    assert "seed 7" in text_of(first)
    second = await member.press(first, "Re-roll")
    assert urls_of(second) != urls_of(first)
    unwanted = await drawing(member)
    await member.click(unwanted, "Cancel")
    await member.see(unwanted, lambda each: "Cancelled." in text_of(each))
    assert (await member.image(await member.imagine(seed=7))).tobytes() == (await member.image(first)).tobytes()


async def test_the_queue_shows_each_actor(bot: app.Bot, member: Member) -> None:
    listed = words_of(await member.looks_up("queue"))
    assert "actor 1: free" in listed
    assert "actor 2: free" in listed


async def test_an_actor_that_is_killed_takes_only_its_own_picture_with_it_which_is_drawn_once_more(
    bot: app.Bot,
    ray_pools: RayPools,
    ray_pool: RayPool,
    member: Member,
    other: Member,
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages = await asyncio.gather(*map(drawing, (member, other)))
    ray_pools.nodes.kill_actor()
    first, second = [await each.see_finished(message) for each, message in zip((member, other), messages, strict=True)]
    assert (await member.image(first)).tobytes() == (await other.image(second)).tobytes()
    await until_joined(ray_pool)
    assert len(lost(caplog)) == 1


def lost(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if "was lost with worker local/actor" in line]


async def test_a_node_is_removed_and_another_added(
    bot: app.Bot,
    ray_pools: RayPools,
    ray_pool: RayPool,
    member: Member,
    other: Member,
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages = await asyncio.gather(*map(drawing, (member, other)))
    await ray_pools.nodes.remove()
    for each, message in zip((member, other), messages, strict=True):
        assert finished(await each.see_finished(message))
    assert len(ray_pool.workers) == len(lost(caplog)) == 1
    await ray_pools.nodes.add()
    await until(lambda: len(ray_pool.workers) == 2)
    assert finished(await member.imagine())


async def test_a_restart_of_the_bot_draws_what_was_begun(
    start: Start, ray_pools: RayPools, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ray_pools.close()
    monkeypatch.setattr(worker_pools, "RayPool", partial(RayPool, command=ray_pools.command))
    section = RayConfig(address=ray_pools.nodes.address, device="cpu", dtype="float32", threads=1, largest_batch=4)
    async with start(None, workers=(("cluster", section),)):
        begun = await drawing(member)
    async with start(None, workers=(("cluster", section),)):
        assert "seed 7" in text_of(await member.see_finished(begun))
