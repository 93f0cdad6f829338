"""Deleting where Discord refuses, and enlarging what a model drew that has left the config."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import app
from generation.catalogue import POCKET
from playground import Playground
from playground.state.world import SKETCHES_ID
from storage import database
from storage.database import StorageError
from storage.generations import Generations
from storage.removals import Removals
from tests.journeys.conftest import Member, Message, Start, finished, text_of, urls_of

TWIN = replace(POCKET, name="twin")


async def test_delete_in_an_archived_thread_keeps_both_or_removes_both(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    done = await member.imagine(channel="sketches")
    playground.change_channel(SKETCHES_ID, archived=True)
    answer = (await member.click(done, "Delete")).acknowledged
    assert answer == 6
    await member.wait_for(lambda each: "This thread is archived" in text_of(each))
    assert member.message(done["id"]) is not None
    assert await bot.generations.by_message(int(done["id"])) is not None
    shown = (await member.slash("show", {"number": 1})).message
    assert shown is not None
    assert urls_of(await member.see(shown, finished))
    playground.change_channel(SKETCHES_ID, archived=False)
    await member.click(done, "Delete")
    await member.wait_until(lambda: member.message(done["id"]) is None)


async def test_delete_by_reaction_in_an_archived_thread_says_why(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    done = await member.imagine(channel="sketches")
    playground.change_channel(SKETCHES_ID, archived=True)
    await member.react(done, "❌")
    letter = await member.wait_for(lambda each: "This thread is archived" in text_of(each))
    assert letter["channel_id"] == member.channel_id("dm")
    assert member.message(done["id"]) is not None
    assert len(urls_of(await member.asks_until(lambda each: bool(urls_of(each)), "show", number=1))) == 1


async def locked(*_: Any) -> Any:
    raise StorageError("database is locked")


async def deletes(member: Member, message: Message, how: str) -> None:
    """Delete a picture by its button or by a reaction."""
    if how == "Delete":
        await member.click(message, how)
    else:
        await member.react(message, how)


HOW = pytest.mark.parametrize("how", ["Delete", "❌"])


@HOW
async def test_what_cannot_be_noted_is_not_deleted(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    done = await member.imagine()
    monkeypatch.setattr(Removals, "note", locked)
    await deletes(member, done, how)
    await member.wait_for(lambda each: "I can't save anything right now" in each["content"])
    assert member.message(done["id"]) is not None
    assert (await bot.generations.of_user(int(member.id))).total == 1


@HOW
async def test_a_picture_whose_message_is_deleted_while_the_database_is_locked_follows_it(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    done = await member.imagine()
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "delete", locked)
        await deletes(member, done, how)
        await member.wait_for(lambda each: "I can't save anything right now" in each["content"])
    assert member.message(done["id"]) is None
    await nothing_is_left(bot, member)


@pytest.mark.parametrize("reached", [True, False], ids=["deleted", "not deleted"])
@HOW
async def test_a_deletion_whose_answer_is_lost_is_finished_later(
    bot: app.Bot, playground: Playground, member: Member, how: str, reached: bool
) -> None:
    done = await member.imagine()
    playground.cut_next("DELETE", "/messages/", times=2, after=reached)
    await deletes(member, done, how)
    if not reached:
        await member.wait_for(lambda each: "The picture is deleted as soon as it does" in each["content"])
    await nothing_is_left(bot, member)
    assert member.message(done["id"]) is None


async def test_a_deletion_that_was_killed_is_finished_or_keeps_both(
    start: Start, playground: Playground, member: Member, tmp_path: Path
) -> None:
    async with start() as bot:
        messages = [await member.imagine(channel=channel) for channel in ("sketches", "general")]
        requests = (await bot.generations.of_user(int(member.id))).generations
    async with database.opened(tmp_path / "data" / database.FILE) as sessions:
        for each in requests:
            await Removals(sessions).note(each.origin.channel_id, each.origin.message_id)
    playground.change_channel(SKETCHES_ID, archived=True)
    async with start() as bot:
        await member.wait_until(lambda: member.message(messages[1]["id"]) is None)
        await bot.reconciler.look()
        async with asyncio.timeout(60):
            while len(kept := (await bot.generations.of_user(int(member.id))).generations) > 1:
                await asyncio.sleep(0.02)
    assert [each.origin.message_id for each in kept] == [int(messages[0]["id"])]
    assert member.message(messages[0]["id"]) is not None


async def nothing_is_left(bot: app.Bot, member: Member) -> None:
    """Look at the requests until those of a member are deleted."""
    async with asyncio.timeout(60):
        while (await bot.generations.of_user(int(member.id))).total:
            await bot.reconciler.look()
            await asyncio.sleep(0.02)


async def test_a_message_that_discord_does_not_delete_keeps_its_picture(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    done = await member.imagine()
    playground.fail_next("DELETE", "/messages/", 403, code=50013)
    await member.click(done, "Delete")
    await member.wait_for(lambda each: "so the picture is kept. Try again later." in text_of(each))
    assert await bot.generations.by_message(int(done["id"])) is not None


@pytest.mark.parametrize("label", ["Upscale ×2", "🔎"])
async def test_pictures_of_a_model_that_is_gone_can_be_enlarged(start: Start, member: Member, label: str) -> None:
    async with start(models=(POCKET, TWIN)):
        done = await member.imagine(model="twin")
    async with start():
        if label == "Upscale ×2":
            large = await member.press(done, label)
        else:
            await member.react(done, label)
            large = await member.wait_for(lambda each: finished(each) and each["id"] != done["id"])
        assert (await member.image(large)).size == (256, 256)
        refused = (await member.click(done, "Re-roll")).message
        assert refused is not None
        assert "twin" in text_of(refused)


async def test_unchecked_pictures_of_a_model_that_is_gone_stay_covered(
    start: Start, admin: Member, member: Member
) -> None:
    async with start(models=(POCKET, TWIN)):
        done = await member.imagine(model="twin")
        await admin.slash("server nsfw", {"policy": "block"})
    async with start():
        refused = (await member.click(done, "Upscale ×2")).message
        assert refused is not None
        assert "This picture wasn't checked" in text_of(refused)
        await admin.slash("server nsfw", {"policy": "spoiler"})
        assert "SPOILER_" in urls_of(await member.press(done, "Upscale ×2"))[0]
