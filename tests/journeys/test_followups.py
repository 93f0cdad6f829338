import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import app
from generation import infotext
from generation.settings import GenerationSettings, Limits
from playground import Playground
from playground.state.world import Permission
from storage.images import Images
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, finished, labels_of, text_of, urls_of


async def settings_in(member: Member, message: Message, index: int = 0) -> GenerationSettings:
    return infotext.from_infotext((await member.image(message, index)).info["parameters"])


async def test_reroll_is_the_same_with_another_seed(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a red apple", seed=7, guidance=6.5)
    second = await member.press(first, "Re-roll")
    was, now = await settings_in(member, first), await settings_in(member, second)
    assert now.seed != was.seed
    assert replace(now, seed=7) == was
    assert f"seed {now.seed}" in text_of(second)
    assert "Re-roll" in text_of(second)


async def test_a_reroll_of_a_reroll_by_somebody_else_is_theirs(bot: app.Bot, member: Member, other: Member) -> None:
    mine = await member.imagine(seed=7)
    theirs = await other.press(mine, "Re-roll")
    again = await other.press(theirs, "Re-roll")
    assert f"<@{other.id}>" in text_of(again)
    refusal = await member.click(again, "❌")
    assert refusal.message is not None
    assert "Only the person who asked for this picture" in refusal.message["content"]
    assert refusal.message["ephemeral_for"] == member.id


async def test_what_is_drawn_already_can_be_enlarged_whatever_its_steps(
    start: Start, member: Member, admin: Member
) -> None:
    async with start():
        done = await member.imagine(steps=20, count=2)
        await admin.slash("server rule", {"setting": "steps", "most": 10})
        await admin.slash("server rule", {"setting": "guidance_scale", "least": 6, "most": 7})
        await admin.slash("server limits", {"count": 1})
        refusal = await member.click(done, "V1")
        assert "At most 10 steps are allowed here" in text_of(refusal.message or done)
        assert "×2" in text_of(await member.press(done, "U1"))
    async with start(limits=Limits(steps=10, side=2048, count=4, waiting=10)):
        assert "×2" in text_of(await member.press(done, "U2"))
        await admin.slash("server limits", {"side": 200})
        refusal = await member.click(done, "U1")
        assert "maximum here is 200" in text_of(refusal.message or done)


@pytest.mark.real_worker
async def test_upscale_doubles_the_chosen_picture_and_says_how(bot: app.Bot, member: Member) -> None:
    two = await member.imagine(seed=7, count=2)
    large = await member.press(two, "U2")
    assert (await member.image(large)).size == (256, 256)
    assert (await settings_in(member, large)).seed == 8
    assert "enlarged ×2 (Lanczos)" in text_of(large)
    larger = await member.press(large, "Upscale ×2")
    assert (await member.image(larger)).size == (512, 512)
    assert "enlarged ×4 (Lanczos)" in text_of(larger)


async def test_upscaling_stops_at_the_limit(bot: app.Bot, member: Member, admin: Member) -> None:
    done = await member.imagine()
    await admin.slash("server limits", {"side": 200})
    refusal = await member.click(done, "Upscale ×2")
    assert refusal.message is not None
    assert "256 pixels wide or high; the maximum here is 200" in refusal.message["content"]


async def test_delete_removes_message_and_files_and_keeps_the_settings(
    bot: app.Bot, member: Member, tmp_path: Path
) -> None:
    done = await member.imagine(seed=7)
    reroll_before = await member.press(done, "Re-roll")
    await member.click(done, "❌")
    await member.wait_until(lambda: member.message(done["id"]) is None)
    pictures = tmp_path / "data" / "pictures"
    await member.asks_until(lambda _: len(list(pictures.rglob("*.png"))) == 1, "show", number=1)
    assert finished(reroll_before)


async def test_a_file_that_cannot_be_deleted_now_is_at_the_next_start(
    start: Start, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(self: Images, name: str) -> None:
        raise PermissionError(name)

    async with start():
        done = await member.imagine(seed=7)
        monkeypatch.setattr(Images, "remove", fails)
        await member.click(done, "❌")
        await member.wait_until(lambda: member.message(done["id"]) is None)
    monkeypatch.undo()
    assert len(list((tmp_path / "data" / "pictures").rglob("*.png"))) == 1
    async with start():
        assert list((tmp_path / "data" / "pictures").rglob("*.png")) == []


async def test_a_moderator_may_delete(bot: app.Bot, member: Member, admin: Member) -> None:
    done = await member.imagine()
    await admin.click(done, "❌")
    await member.wait_until(lambda: member.message(done["id"]) is None)


async def test_a_moderator_of_another_place_may_not(bot: app.Bot, member: Member, admin: Member) -> None:
    done = await member.imagine()
    elsewhere = (await admin.slash("show", {"number": 1}, "art")).message
    assert elsewhere is not None
    refused = (await admin.click(await admin.see_finished(elsewhere), "❌")).message
    assert refused is not None
    assert "Only the person who asked for this picture" in refused["content"]
    assert member.message(done["id"]) is not None


async def test_reactions_do_what_the_buttons_do(bot: app.Bot, member: Member, other: Member) -> None:
    two = await member.imagine("a cat", seed=7, count=2)
    await other.react(two, "🔁")
    reroll = await other.wait_for(lambda each: finished(each) and "Re-roll of " in text_of(each))
    assert f"<@{other.id}>" in text_of(reroll)
    assert reroll["message_reference"]["message_id"] == two["id"]
    await other.react(two, "🔎")
    large = await other.wait_for(lambda each: finished(each) and "Upscaled from " in text_of(each))
    assert (await settings_in(other, large)).seed == 7
    await other.react(large, "❌")
    await other.wait_until(lambda: other.message(large["id"]) is None)


async def test_the_same_reaction_twice_is_one(bot: app.Bot, member: Member) -> None:
    done = await member.imagine(seed=7)
    for _ in range(2):
        await member.react(done, "🔁")
        await member.wait_for(lambda each: finished(each) and "Re-roll of " in text_of(each))
        await member.unreact(done, "🔁")
    await member.imagine(seed=8)
    assert len([each for each in member.messages() if "Re-roll of " in text_of(each)]) == 1


async def test_a_refused_reaction_is_answered_by_direct_message(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine()
    await other.react(done, "❌")
    whisper = await other.wait_for(lambda each: "Only the person who asked for this picture" in each["content"])
    assert whisper["channel_id"] == other.channel_id("dm")
    assert member.message(done["id"]) is not None


async def test_other_reactions_and_other_messages_are_nothing_to_the_bot(bot: app.Bot, member: Member) -> None:
    done = await member.imagine()
    said = await member.say("hello")
    await member.react(done, "👍")
    await member.react(said, "🔁")
    await member.imagine(seed=9)
    assert len([each for each in member.messages() if finished(each)]) == 2


async def test_what_has_ended_is_not_cancelled(bot: app.Bot, pool: FakePool, member: Member) -> None:
    await member.imagine()
    await bot.delivery.settle()
    done = await bot.generations.get(1)
    assert done is not None
    await bot.dispatcher.cancel(done)
    assert pool.cancelled == []
    assert finished(await member.imagine())


@pytest.mark.parametrize("name", [None, ""])
async def test_a_reaction_by_an_emoji_that_is_gone_is_nothing(
    bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture, name: str | None
) -> None:
    done = await member.imagine()
    data: Any = {"channel_id": done["channel_id"], "message_id": done["id"], "user_id": member.id, "type": 0}
    emoji = discord.PartialEmoji(name=name or "", id=7)
    emoji.name = name  # type: ignore[assignment]  # as Discord sends it
    for event, heard in (
        ("REACTION_ADD", bot.client.on_raw_reaction_add),
        ("REACTION_REMOVE", bot.client.on_raw_reaction_remove),
    ):
        await heard(discord.RawReactionActionEvent(data, emoji, event))  # type: ignore[arg-type]
    assert "0 in all" in text_of(await member.looks_up("favourites"))


async def test_a_reaction_where_the_bot_may_not_post_is_refused(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    done = await member.imagine()
    channel = int(member.channel_id("general"))
    playground.set_bot_permissions(channel, Permission.VIEW_CHANNEL | Permission.ATTACH_FILES)
    await member.react(done, "🔁")
    await member.wait_for(lambda each: "Send Messages, Attach Files, Read Message History" in each["content"])


async def test_a_double_click_on_delete_is_no_error(
    bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    done = await member.imagine()
    await asyncio.gather(member.click(done, "❌"), member.click(done, "❌"), return_exceptions=True)
    await member.wait_until(lambda: member.message(done["id"]) is None)
    assert finished(await member.imagine())
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_token_that_dies_before_its_time_costs_nothing(
    bot: app.Bot, pool: FakePool, member: Member, clock: Clock
) -> None:
    pool.hold()
    started = await member.start()
    await member.see_drawing(pool, started)
    clock.ahead = clock.bot_behind = 16 * 60
    pool.release()
    assert urls_of(await member.see_finished(started))


async def test_a_picture_still_being_drawn_cannot_be_upscaled(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    started = await member.start()
    drawing = await member.see_drawing(pool, started)
    await other.react(drawing, "🔎")
    await other.wait_for(lambda each: "This picture is still being drawn" in each["content"])
    await member.click(drawing, "Cancel")
    await member.see(started, lambda each: "Cancelled." in text_of(each))


async def test_after_the_token_has_expired_the_message_is_edited_all_the_same(
    bot: app.Bot, pool: FakePool, member: Member, clock: Clock
) -> None:
    pool.hold()
    started = await member.start()
    await member.see_drawing(pool, started)
    clock.ahead += 16 * 60
    pool.release()
    done = await member.see_finished(started)
    assert urls_of(done)


async def test_a_private_picture_whose_token_has_expired_appears_nowhere_else(
    start: Start, pool: FakePool, member: Member, other: Member, clock: Clock
) -> None:
    pool.hold()
    async with start() as bot:
        started = await member.start(private=True)
        await member.see_drawing(pool, started)
        clock.ahead += 16 * 60
        pool.release()
        await bot.dispatcher.drain()
        await bot.delivery.settle()
    assert other.messages() == []
    assert not any(finished(each) for each in member.messages())


async def test_a_button_whose_record_is_gone_says_so(
    start: Start, member: Member, other: Member, tmp_path: Path
) -> None:
    """The database and its pictures were moved away. Nobody else's new picture has the old number."""
    async with start():
        done = await member.imagine()
    for file in (tmp_path / "data").glob("noisefox.db*"):
        file.unlink()
    shutil.rmtree(tmp_path / "data" / "pictures")
    async with start():
        await other.imagine()
        answer = await member.click(done, "Re-roll")
    assert answer.message is not None
    assert "This picture no longer exists" in answer.message["content"]


async def test_upscaling_a_picture_whose_file_is_gone_says_so(bot: app.Bot, member: Member, tmp_path: Path) -> None:
    done = await member.imagine()
    for file in (tmp_path / "data" / "pictures").rglob("*.png"):
        file.unlink()
    outcome = await member.click(done, "Upscale ×2")
    assert outcome.message is not None
    failed = await member.see(outcome.message, lambda each: "A picture that this request needs is no" in text_of(each))
    assert "Cancel" not in labels_of(failed)
