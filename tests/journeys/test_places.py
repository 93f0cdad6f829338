"""Where a picture is asked for: threads, direct messages, places where the bot is no member, and what fits there."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot import app
from bot.attachments import finished as finished_module
from bot.attachments import metadata
from playground import Playground
from playground.state.world import SKETCHES_ID, Permission
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, filled, finished, save_pace, text_of, urls_of

OUTSIDE = ("elsewhere", "friends")


async def test_in_a_thread_by_its_own_permission(bot: app.Bot, playground: Playground, member: Member) -> None:
    done = await member.imagine("a boat", channel="sketches")
    assert finished(await member.press(done, "Re-roll"))
    await member.react(done, "🔁")
    await member.wait_for(
        lambda each: finished(each) and each.get("message_reference", {}).get("message_id") == done["id"]
    )
    playground.set_bot_permissions(
        SKETCHES_ID, Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.ATTACH_FILES
    )
    outcome = await member.slash("imagine", {"prompt": "a boat"}, "sketches")
    assert "Send Messages in Threads" in text_of(outcome.message or {})


@pytest.mark.parametrize("place", OUTSIDE)
async def test_where_the_bot_is_no_member(bot: app.Bot, member: Member, other: Member, place: str) -> None:
    done = await member.imagine("a boat", channel=place)
    assert urls_of(done)
    theirs = await other.press(done, "Re-roll")
    assert f"<@{other.id}>" in text_of(theirs)
    await member.click(done, "❌")
    await member.wait_until(lambda: member.message(done["id"]) is None)
    names = [command["name"] for command in member.commands]
    assert "server" not in names


@pytest.mark.parametrize("place", OUTSIDE)
async def test_no_more_than_can_be_answered_there(bot: app.Bot, member: Member, place: str) -> None:
    outcome = await member.slash("imagine", {"prompt": "{a, b, c} fox in {snow, rain}", "steps": 1}, place)
    assert "I can answer only 5 at once" in text_of(outcome.message or {})
    await member.slash("imagine", {"prompt": "{red, green, blue, grey} fox", "steps": 1}, place)
    await member.wait_until(lambda: len([each for each in member.messages(place) if finished(each)]) == 4)


async def test_what_would_come_too_late_there_is_refused(
    start: Start, pool: FakePool, member: Member, tmp_path: Path
) -> None:
    await save_pace(tmp_path, 60.0)
    async with start():
        refused = await member.slash("imagine", {"prompt": "a boat", "steps": 30}, "elsewhere")
        assert "This would take about 1 hr" in text_of(refused.message or {})
        pool.hold()
        private = await member.start("a boat", steps=30, private=True)
        waiting = await member.start("a boat", steps=30)
        await pool.until_at_work(2)
        pool.step(1, 30)
        await member.see(private, lambda each: "look in /history" in text_of(each))
        seen = await member.see(waiting, lambda each: "step 1 of 30" in text_of(each))
        assert "/history" not in text_of(seen)
        pool.release()
        await member.see_finished(waiting)


@pytest.mark.parametrize("place", OUTSIDE)
async def test_past_the_life_of_its_token_it_waits_in_the_history(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, clock: Clock, place: str
) -> None:
    pool.hold()
    started = await member.start("a boat", channel=place)
    await pool.until_at_work()
    clock.ahead += 16 * 60
    pool.release()
    await bot.dispatcher.drain()
    await bot.delivery.settle()
    assert not any(finished(each) for each in [*member.messages(place), *other.messages(place)])
    assert await bot.generations.lease(alone=True) == []
    shown = (await member.slash("show", {"number": 1}, place)).message
    assert shown is not None
    assert finished(await member.see(shown, finished))
    assert started["id"] != shown["id"]


async def test_a_file_fits_the_place_and_the_original_is_kept(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.world.file_limit = 20_000
    done = await member.imagine("a noisy boat", count=2, seed=7)
    assert [".webp?" in url for url in urls_of(done)] == [True, True]
    file = await member.download(urls_of(done)[1])
    assert len(file) <= 20_000
    assert metadata.settings_in(file).seed == 8
    playground.world.file_limit = 2**20
    details = (await member.click(done, "Details")).message
    assert details is not None
    original = await _file_of(member, details, "Original 2")
    assert Image.open(BytesIO(original)).format == "PNG"
    assert metadata.settings_in(original).seed == 8
    playground.world.file_limit = 20_000
    answer = (await member.click(details, "Original 1")).message
    assert answer is not None
    assert "This is the best WebP that fits" in text_of(await member.see(answer, filled))
    smaller = await _file_in(member, answer)
    assert Image.open(BytesIO(smaller)).format == "WEBP"
    assert metadata.settings_in(smaller).seed == 7


@pytest.mark.parametrize("place", ["dm", *OUTSIDE])
async def test_a_picture_fits_and_its_original_is_kept_wherever_it_is_asked_for(
    bot: app.Bot, playground: Playground, member: Member, place: str
) -> None:
    playground.world.file_limit = 20_000
    done = await member.imagine("a noisy boat", seed=7, channel=place)
    file = await member.download(urls_of(done)[0])
    assert len(file) <= 20_000
    assert (Image.open(BytesIO(file)).format, metadata.settings_in(file).seed) == ("WEBP", 7)
    playground.world.file_limit = 2**20
    details = (await member.click(done, "Details")).message
    assert details is not None
    original = await _file_of(member, details, "Original file")
    assert (Image.open(BytesIO(original)).format, metadata.settings_in(original).seed) == ("PNG", 7)


async def test_four_files_that_fit_alone_fit_together(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished_module, "REQUEST_BYTES", 100_000)
    done = await member.imagine("a noisy boat", count=4)
    files = [await member.download(url) for url in urls_of(done)]
    assert len(files) == 4
    assert sum(map(len, files)) <= 100_000 < sum(map(len, files)) * 3


async def _file_of(member: Member, message: Message, label: str) -> bytes:
    return await _file_in(member, (await member.click(message, label)).message)


async def _file_in(member: Member, answer: Message | None) -> bytes:
    assert answer is not None
    [container] = (await member.see(answer, filled))["components"]
    [file] = [part for part in container["components"] if part["type"] == 13]
    return await member.download(file["file"]["url"])


async def test_a_reply_pings_its_owner_where_asked_for_and_nobody_else(
    bot: app.Bot, member: Member, other: Member
) -> None:
    quiet = await member.imagine("a castle")
    assert quiet["mentions"] == []
    await bot.delivery.settle()
    await member.asks("settings notify", by="reply")
    done = await member.imagine(f"a castle for <@{other.id}> and @everyone")
    reply = await member.wait_for(lambda each: "Your picture is done" in each["content"])
    assert [each["id"] for each in reply["mentions"]] == [member.id]
    assert not reply["mention_everyone"]
    assert reply["message_reference"]["message_id"] == done["id"]
    assert member.message(done["id"])["mentions"] == []  # type: ignore[index]
    await member.imagine("a secret", private=True)
    letter = await member.wait_for(lambda each: "see /history, number 3" in each["content"])
    await bot.delivery.settle()
    assert letter["channel_id"] == member.channel_id("dm")
    await member.asks("settings notify", by="nothing")
    await member.imagine("a boat")
    await bot.delivery.settle()
    assert len([each for each in member.messages() if "Your picture is done" in each["content"]]) == 1
