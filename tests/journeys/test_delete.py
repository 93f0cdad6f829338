"""Deleting where Discord refuses, and enlarging what a model drew that has left the config."""

from dataclasses import replace

import pytest

from bot import app
from generation.catalogue import POCKET
from playground import Playground
from playground.state.world import SKETCHES_ID
from tests.journeys.conftest import Member, Start, finished, text_of, urls_of

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
