"""Editing a picture by words: with a button, from a picture that was edited already, and back again."""

from dataclasses import replace

import pytest

from bot import app
from generation.catalogue import POCKET, ModelSpec
from generation.jobs import Draw
from playground.state.world import BOT_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, finished, labels_of, text_of, urls_of, words_of
from tests.journeys.test_blend import picture
from tests.journeys.test_result import settings_in

REDRAWN = "This model doesn't follow instructions: it drew over the picture, with your words added to its prompt."


async def edit(member: Member, message: Message, change: str, label: str = "Edit", **fields: object) -> Message:
    """Press Edit, fill in the form, and wait for the picture."""
    opened = await member.click(message, label)
    outcome = await member.submit(opened.modal, {"change": change, **fields})
    assert outcome.message is not None, outcome
    return await member.see_finished(outcome.message)


async def pressed(member: Member, message: Message, label: str) -> Message:
    outcome = await member.click(message, label)
    assert outcome.message is not None, outcome
    return outcome.message


async def test_a_model_that_redraws_keeps_seed_and_size_and_says_so(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a fox --size 160x96", seed=7)
    edited = await edit(member, first, "with a red hat")
    settings = await settings_in(member, edited, 1)
    assert (settings.prompt, settings.seed) == ("a fox, with a red hat", 7)
    assert (settings.width, settings.height, settings.denoising_strength) == (160, 96, 0.6)
    assert REDRAWN in words_of(edited)
    assert "Edit of [this picture]" in words_of(edited)
    before, after = urls_of(edited)
    assert "before" in before
    colours = [(await member.image(each)).convert("RGB").getpixel((0, 0)) for each in (first, edited)]
    assert colours[0] == pytest.approx(colours[1], abs=9)
    assert "noisefox-2-0" in after


async def test_more_less_and_again(bot: app.Bot, member: Member) -> None:
    edited = await edit(member, await member.imagine("a fox", seed=7), "at night", strength=["0.4"])
    assert labels_of(edited)[1:5] == ["Undo", "Again", "More", "Less"]
    more = await settings_in(member, await member.press(edited, "More"), 1)
    less = await settings_in(member, await member.press(edited, "Less"), 1)
    again = await settings_in(member, await member.press(edited, "Again"), 1)
    was = await settings_in(member, edited, 1)
    assert (was.denoising_strength, more.denoising_strength, less.denoising_strength) == (0.4, 0.55, 0.25)
    assert replace(more, denoising_strength=0.4) == was
    assert again.seed != was.seed
    assert replace(again, seed=was.seed) == was


async def test_undo_shows_the_picture_before_with_its_buttons_as_often_as_there_were_edits(
    bot: app.Bot, member: Member, other: Member
) -> None:
    first = await member.imagine("a fox", seed=7)
    second = await edit(member, first, "at night")
    third = await edit(member, second, "in the rain")
    shown = await pressed(other, third, "Undo")
    assert shown["ephemeral_for"] == other.id, "the message stays as it is for its owner"
    await member.click(third, "Undo")
    undone = await member.see(third, lambda each: "Undone. The edit is in your /history, number 3." in text_of(each))
    assert [url for url in urls_of(undone) if "noisefox-2-0" in url] == urls_of(undone)
    await member.click(undone, "Undo")
    undone = await member.see(third, lambda each: "number 2." in text_of(each))
    assert "noisefox-1-0" in urls_of(undone)[0]
    assert {"Details", "Re-roll", "Edit", "Favourite", "Delete"} <= {*labels_of(undone)}
    other_way = await edit(member, undone, "in the snow")
    assert (await settings_in(member, other_way, 1)).prompt == "a fox, in the snow"


async def test_the_hosts_model_follows_the_instruction_at_the_pictures_size(
    start: Start, member: Member, pix2pix: ModelSpec
) -> None:
    async with start(models=(POCKET, pix2pix), edit_model="pix2pix"):
        first = await member.imagine("a fox --size 160x96", seed=7)
        opened = await member.click(first, "Edit")
        assert "strength" not in str(opened.modal)
        edited = await edit(member, first, "make it snow")
        settings = await settings_in(member, edited, 1)
        assert (settings.model, settings.prompt, settings.steps) == ("pix2pix", "make it snow", 2)
        assert (settings.width, settings.height, settings.seed) == (160, 96, 7)
        assert REDRAWN not in words_of(edited)
        more = await settings_in(member, await member.press(edited, "More"), 1)
        assert more.guidance_scale == pytest.approx(settings.guidance_scale * 1.4, abs=0.1)


async def test_an_edit_looks_at_the_pictures_that_come_with_it(
    start: Start, member: Member, pool: FakePool, pix2pix: ModelSpec
) -> None:
    async with start(models=(POCKET, pix2pix), edit_model="pix2pix"):
        first = await member.imagine("a fox", seed=7)
        pool.hold()
        opened = await member.click(first, "Edit")
        await member.submit(opened.modal, {"change": "wear this", "references": [picture("red")]})
        await pool.until_at_work()
        [job] = pool.at_work.values()
        assert isinstance(job.task, Draw)
        assert [role for role, _ in job.task.inputs.given()] == ["image", "second"]
        pool.release()


async def test_one_of_several_pictures_is_edited(bot: app.Bot, member: Member) -> None:
    four = await member.imagine("a fox", seed=7, count=4)
    picked = await member.select(four, "noisefox:pick:1:0", ["2"])
    assert picked.message is not None
    third = await member.see(picked.message, lambda each: "Edit" in labels_of(each))
    edited = await edit(member, third, "at night")
    assert (await settings_in(member, edited, 1)).seed == 9


async def test_the_weights_of_a_sum_stay_and_flags_alone_add_no_words(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a fox AND a wolf :0.5")
    changed = await edit(member, first, "with a hat")
    assert (await settings_in(member, changed, 1)).prompt == "a fox, with a hat AND a wolf, with a hat :0.5"
    again = await edit(member, first, "--steps 3")
    assert (await settings_in(member, again, 1)).prompt == "a fox AND a wolf :0.5"


async def test_what_is_refused_is_refused_in_one_sentence(bot: app.Bot, member: Member, admin: Member) -> None:
    first = await member.imagine("a fox")
    opened = await member.click(first, "Edit")
    assert "references" not in str(opened.modal), "pocket looks at no pictures"
    await admin.slash("server words", {"add": "knife"})
    refused = await member.submit(opened.modal, {"change": "with a knife"})
    assert "is blocked on this server" in text_of(refused.message or {})


async def test_a_given_picture_is_edited_with_a_command(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("edit", {"image": picture("red", 192, 96), "change": "at night --seed 7"})
    assert outcome.message is not None
    edited = await member.see_finished(outcome.message)
    settings = await settings_in(member, edited)
    assert (settings.prompt, settings.seed, settings.denoising_strength) == ("at night", 7, 0.6)
    assert settings.width / settings.height == pytest.approx(2, rel=0.1)
    assert REDRAWN in words_of(edited)
    assert labels_of(edited)[1:4] == ["Again", "More", "Less"]
    assert len(urls_of(edited)) == 1, "what somebody gave is not posted"


async def test_a_given_picture_and_references_are_edited_by_the_hosts_model(
    start: Start, member: Member, pool: FakePool, pix2pix: ModelSpec
) -> None:
    async with start(models=(POCKET, pix2pix), edit_model="pix2pix"):
        pool.hold()
        given = {"image": picture("red", 192, 96), "change": "wear this", "reference": picture("blue")}
        await member.slash("edit", given)
        await pool.until_at_work()
        [job] = pool.at_work.values()
        assert isinstance(job.task, Draw)
        assert (job.task.settings.model, job.task.settings.prompt) == ("pix2pix", "wear this")
        assert [role for role, _ in job.task.inputs.given()] == ["image", "second"]
        pool.release()
    async with start():
        refused = await member.slash("edit", given)
        assert text_of(refused.message or {}).startswith("[\"pocket doesn't look at other pictures.")


async def reply_with(member: Member, message: Message, words: str) -> Message:
    """Reply to a picture, and wait for the edit."""
    before = {each["id"] for each in member.messages()}
    said = await member.say(words, reply_to=message)
    return await member.wait_for(
        lambda each: each["id"] not in before | {said["id"]} and "Edit of" in text_of(each) and finished(each)
    )


async def test_a_reply_that_mentions_the_bot_edits_the_picture(bot: app.Bot, member: Member, other: Member) -> None:
    first = await member.imagine("a fox", seed=7)
    edited = await reply_with(other, first, f"<@{BOT_ID}> add a moon")
    assert (await settings_in(other, edited, 1)).prompt == "a fox, add a moon"
    assert f"<@{other.id}>" in words_of(edited)
    again = await reply_with(other, edited, f"and a second one <@{BOT_ID}>")
    assert (await settings_in(other, again, 1)).prompt == "a fox, add a moon, and a second one"


async def test_a_reply_edits_the_picture_that_undo_has_brought_back(bot: app.Bot, member: Member) -> None:
    edited = await edit(member, await member.imagine("a fox", seed=7), "at night")
    await member.click(edited, "Undo")
    undone = await member.see(edited, lambda each: "Undone." in text_of(each))
    settings = await settings_in(member, await reply_with(member, undone, f"<@{BOT_ID}> in the snow"), 1)
    assert settings.prompt == "a fox, in the snow"


async def test_other_messages_are_nobodys_business(bot: app.Bot, member: Member, pool: FakePool) -> None:
    first = await member.imagine("a fox")
    theirs = await member.say("hello")
    await member.say(f"<@{BOT_ID}> hello")
    await member.say("nice!", reply_to=first)
    await member.say(f"<@{BOT_ID}> what a picture", reply_to=theirs)
    await member.say(f"<@{BOT_ID}>", reply_to=first)
    edited = await reply_with(member, first, f"<@{BOT_ID}> at night")
    assert "Edit of" in text_of(edited)
    assert len(pool.given["fake"]) == 2


async def test_in_direct_messages_any_reply_edits(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a fox", channel="dm", seed=7)
    edited = await reply_with(member, first, "at night")
    assert (await settings_in(member, edited, 1)).prompt == "a fox, at night"


async def test_a_reply_that_is_refused_is_answered_privately(
    bot: app.Bot, member: Member, other: Member, admin: Member
) -> None:
    first = await member.imagine("a fox")
    await admin.slash("server words", {"add": "knife"})
    await other.say(f"<@{BOT_ID}> with a knife", reply_to=first)
    await other.wait_for(lambda each: "is blocked on this server" in text_of(each))


async def test_words_that_are_chosen_at_random_are_chosen_once(bot: app.Bot, member: Member) -> None:
    edited = await edit(member, await member.imagine("a fox", seed=7), "in a {red|red} hat")
    assert (await settings_in(member, edited, 1)).prompt == "a fox, in a red hat"
    again = await member.press(edited, "Again")
    assert (await settings_in(member, again, 1)).prompt == "a fox, in a red hat"
