"""The queue: places, estimates, fairness, rate limits, and links to the picture that another came from."""

import asyncio
import re
from pathlib import Path

import pytest

from bot import app
from bot.config import Config, DiscordConfig, WorkerConfig
from bot.jobs import room
from generation import forward_seconds
from generation.local_pool import LOCAL
from playground import Playground
from storage.images import Images
from storage.records import Generation
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, finished, save_pace, text_of, words_of
from tests.journeys.test_result import select_of

RATE = 5
"""Requests a second that each route takes in the story of many jobs."""


def descriptions_of(message: Message) -> list[str]:
    """The alt texts of the pictures of a message."""
    [container] = message["components"]
    return [item["description"] for part in container["components"] if part["type"] == 12 for item in part["items"]]


async def _draw_some_steps(pool: FakePool, member: Member, message: Message) -> None:
    await pool.until_at_work()
    pool.step(4, 20)
    await member.see(message, lambda each: "step 4 of 20" in text_of(each))


async def test_a_place_in_line_with_a_guess_moves_up(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.hold()
    learned = await member.start("a boat", steps=20)
    await _draw_some_steps(pool, member, learned)
    pool.release()
    await member.see_finished(learned)
    pool.hold()
    drawing = await member.start("a boat", steps=20, count=4)
    await _draw_some_steps(pool, member, drawing)
    following = await member.start("a castle", steps=20)
    last = await member.start("a fox", steps=20)
    for message, place in ((following, "Next in the queue…"), (last, "number 2 in the queue…")):
        shown = await member.see(message, lambda each, place=place: place in text_of(each))  # type: ignore[misc]
        assert re.search(r"in the queue… · (a few seconds|about \d+)", text_of(shown))
    await member.click(following, "Cancel")
    await member.see(last, lambda each: "Next in the queue" in text_of(each))
    pool.release()
    assert finished(await member.see_finished(last))
    assert "Cancelled" in text_of(await member.see(following, lambda each: "Cancelled" in text_of(each)))


async def test_a_guess_counts_every_tile_of_a_creative_upscale(
    start: Start, pool: FakePool, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward_seconds, "GROWTH", 1.0)  # in proportion to the rows
    async with start():
        done = await member.imagine("a boat", steps=20)
    await save_pace(tmp_path, 0.5)
    async with start():
        pool.hold()
        larger = (await member.select(done, select_of(done), ["upscale-creative"])).message
        assert larger is not None
        await pool.until_at_work()
        following = await member.start("a castle", steps=1, count=4)
        await member.see(following, lambda each: "Next in the queue… · about 45 sec" in text_of(each))
        pool.step(4, 4 + 54)
        await member.see(larger, lambda each: "part 4 of 58" in text_of(each))
        pool.step(4 + 27, 4 + 54)
        await member.see(larger, lambda each: "part 31 of 58 · about 20 sec" in text_of(each))
        last = await member.start("a fox", steps=1, count=4)
        await member.see(last, lambda each: "number 2 in the queue… · about 30 sec" in text_of(each))


async def test_pictures_are_described_and_say_where_they_come_from(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a boat", count=2)
    assert len(descriptions_of(done)) == 2
    assert all("a boat" in each for each in descriptions_of(done))
    again = await other.press(done, "V2")
    place = f"/channels/{done['guild_id']}/{done['channel_id']}/{done['id']}" if "guild_id" in done else done["id"]
    assert re.search(rf"picture 2\]\(\S*{place}\)", words_of(again)), words_of(again)
    assert f"<@{member.id}>" in words_of(again)
    assert f"<@{other.id}>" in words_of(again)


async def test_twenty_jobs_in_one_channel_stay_within_what_discord_takes(
    tmp_path: Path, recorded: Path, pool: FakePool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "discord.http")
    async with (
        Playground(folder=tmp_path / "chat", record=recorded, rate=RATE) as playground,
        app.running(
            Config(data=tmp_path / "data", discord=DiscordConfig(api_base=playground.api_base)),
            playground.token,
            pools={LOCAL: pool},
        ),
        Member(playground.url, "member one") as member,
        Member(playground.url, "member two") as other,
    ):
        pool.hold()
        asked = [await each.start(f"boat {number}") for number in range(10) for each in (member, other)]
        await pool.until_at_work(pool.room)
        for step in range(1, 20):
            pool.step(step, 20)
            await other.asks("queue")
        await member.see(asked[0], lambda each: "step 19 of 20" in text_of(each))
        pool.release()
        for message in asked:
            await member.see_finished(message)
    said = [record.getMessage() for record in caplog.records if record.name == "discord.http"]
    assert [line for line in said if "has been exhausted" in line or "responded with 429" in line] == []


async def test_one_picture_more_waits_for_nobody_s_four(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, admin: Member
) -> None:
    done = await other.imagine("a boat")
    pool.hold()
    await member.start("a castle", count=4)
    await pool.until_at_work()
    waiting = await admin.start("a tree", count=4)
    await admin.see(waiting, lambda each: "Next in the queue" in text_of(each))
    varied = (await other.click(done, "Vary")).message
    assert varied is not None
    await pool.until_at_work(2)
    assert [job.task.pictures for job in pool.at_work.values()] == [4, 1]
    pool.release()
    assert finished(await other.see_finished(varied))
    assert finished(await admin.see_finished(waiting))


async def test_a_line_that_is_full_takes_no_more(start: Start, pool: FakePool, member: Member, other: Member) -> None:
    pool.hold()
    async with start(worker=WorkerConfig(longest_line=2)):
        await member.start("a castle", count=4)
        await pool.until_at_work()
        await member.start("a fox")
        await member.start("a tree")
        refused = await other.slash("imagine", {"prompt": "a boat"})
        assert "The queue is full" in text_of(refused.message or {})
        pool.release()


async def test_spare_places_are_kept_while_there_is_room(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SPARE", 1)
    pool.hold()
    await member.start("a castle")
    await pool.until_at_work()
    waiting = await other.start("a tree", count=4)
    await other.see(waiting, lambda each: "Next in the queue" in text_of(each))
    await admin.start("a boat")
    await pool.until_at_work(2)
    assert [job.task.pictures for job in pool.at_work.values()] == [1, 1]
    pool.release()
    assert finished(await other.see_finished(waiting))


async def _enlarging(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> tuple[Message, Generation, asyncio.Event]:
    """The message of an enlargement whose picture is being read, the request, and what lets the reading end."""
    done = await member.imagine("a boat")
    begun, may_end, read = asyncio.Event(), asyncio.Event(), Images.read

    async def slowly(images: Images, name: str) -> bytes:
        begun.set()
        await may_end.wait()
        return await read(images, name)

    monkeypatch.setattr(Images, "read", slowly)
    message = (await member.click(done, "Upscale ×2")).message
    assert message is not None
    async with asyncio.timeout(60):
        await begun.wait()
    [request] = await bot.generations.lease(alone=True)
    return message, request, may_end


async def test_what_is_cancelled_while_its_picture_is_read_is_not_drawn(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, request, may_end = await _enlarging(bot, member, monkeypatch)
    pool.hold()
    await bot.dispatcher.cancel(request)
    may_end.set()
    await member.see(message, lambda each: "Cancelled" in text_of(each))
    await member.start("a fox")
    await pool.until_at_work()
    assert [job.task.settings.prompt for job in pool.at_work.values()] == ["a fox"]
    pool.release()


async def test_what_is_abandoned_while_its_picture_is_read_is_not_drawn(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, request, may_end = await _enlarging(bot, member, monkeypatch)
    pool.hold()
    await bot.dispatcher.abandon(request)
    may_end.set()
    await member.start("a fox")
    await pool.until_at_work()
    assert [job.task.settings.prompt for job in pool.at_work.values()] == ["a fox"]
    pool.release()
