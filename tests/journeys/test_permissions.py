"""The permissions in the invitation are the ones that the bot needs, no more and no fewer."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot import app
from bot.interactions.permissions import NEEDED
from playground import Playground
from playground.state.world import ART_ID, GENERAL_ID, NSFW_ART_ID, SKETCHES_ID, Permission
from tests.journeys.conftest import Member, Start, finished, words_of
from tests.journeys.test_rules import refused, said

LABELS = {
    Permission.VIEW_CHANNEL: "View Channel",
    Permission.SEND_MESSAGES: "Send Messages",
    Permission.SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    Permission.ATTACH_FILES: "Attach Files",
    Permission.READ_MESSAGE_HISTORY: "Read Message History",
}
IN_THREADS = Permission.SEND_MESSAGES_IN_THREADS


@pytest.fixture
async def bot(start: Start, playground: Playground) -> AsyncIterator[app.Bot]:
    """A bot that has just what it was invited with."""
    playground.world.bot_permissions |= dict.fromkeys((GENERAL_ID, ART_ID, SKETCHES_ID, NSFW_ART_ID), NEEDED.value)
    async with start() as bot:
        yield bot


def without(permission: Permission) -> int:
    return NEEDED.value & ~permission


def test_each_one_that_is_invited_with_is_looked_for_below() -> None:
    assert sum(LABELS) == NEEDED.value


async def test_the_invitation_is_enough_for_everything(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server log", {"channel": ART_ID})
    await member.slash("settings notify", {"by": "reply"})
    for place in ("general", "sketches"):
        done = await member.imagine(channel=place, count=2)
        await member.press(done, "Re-roll")
        await member.press(done, "U1")
        await member.react(done, "🔁")
        await member.wait_for(
            lambda each, id=done["id"]: finished(each) and each.get("message_reference", {}).get("message_id") == id  # type: ignore[misc]
        )
        await member.wait_for(
            lambda each, id=done["channel_id"]: "Your picture is done" in each["content"] and each["channel_id"] == id  # type: ignore[misc]
        )
    await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "asked for" in each["content"])


@pytest.mark.parametrize(
    ("place", "channel", "permission"),
    [
        *(
            ("general", GENERAL_ID, each)
            for each in LABELS
            if each not in (IN_THREADS, Permission.READ_MESSAGE_HISTORY)
        ),
        *(("sketches", SKETCHES_ID, each) for each in (IN_THREADS, Permission.ATTACH_FILES, Permission.VIEW_CHANNEL)),
    ],
)
async def test_one_that_is_missing_is_named_before_anything_is_drawn(
    bot: app.Bot, playground: Playground, member: Member, place: str, channel: int, permission: Permission
) -> None:
    done = await member.imagine(channel=place)
    opened = await member.click(done, "Remix")
    playground.set_bot_permissions(channel, without(permission))
    sentence = f"I can't post pictures here. Ask an admin to give me: {LABELS[permission]}."
    assert sentence in await refused(member, place)
    for command in ("explain", "compare"):
        options = {"parameter": "guidance", "values": "2, 3"} if command == "compare" else {}
        assert sentence in await said(member, command, {"prompt": "a fox", **options}, place)
    pressed = [
        await member.click(done, "Re-roll"),
        await member.click(done, "Upscale ×2"),
        await member.menu("Re-roll", done),
        await member.submit(opened.modal, {"prompt": "a hen"}),
    ]
    for outcome in pressed:
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == member.id
        assert words_of(outcome.message).strip() == sentence
    assert (await bot.generations.of_user(int(member.id))).total == 1
    assert finished(await member.imagine(channel=place, private=True))


@pytest.mark.parametrize(
    ("place", "channel", "permission"),
    [
        ("general", GENERAL_ID, Permission.READ_MESSAGE_HISTORY),
        ("general", GENERAL_ID, Permission.ATTACH_FILES),
        ("general", GENERAL_ID, Permission.SEND_MESSAGES),
        ("nsfw-art", NSFW_ART_ID, Permission.VIEW_CHANNEL),
    ],
)
async def test_one_that_a_reaction_needs_is_named_in_a_letter(
    bot: app.Bot, playground: Playground, member: Member, place: str, channel: int, permission: Permission
) -> None:
    done = await member.imagine(channel=place)
    playground.set_bot_permissions(channel, without(permission))
    await member.react(done, "🔁")
    letter = await member.wait_for(lambda each: f"I can't post pictures in #{place}." in each["content"])
    assert LABELS[permission] in letter["content"]
    assert (await bot.generations.of_user(int(member.id))).total == 1


async def test_a_locked_thread(bot: app.Bot, playground: Playground, admin: Member) -> None:
    done = await admin.imagine(channel="sketches")
    playground.world.channels[SKETCHES_ID] = replace(playground.world.channels[SKETCHES_ID], locked=True)
    playground.set_bot_permissions(SKETCHES_ID, NEEDED.value)
    assert "this thread is locked. Unlock it, or use another channel." in await refused(admin, "sketches")
    playground.set_bot_permissions(SKETCHES_ID, NEEDED.value | Permission.MANAGE_THREADS)
    assert finished(await admin.press(done, "Re-roll"))


@pytest.mark.parametrize("permission", [Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES])
async def test_the_log_channel_must_be_written_to(
    bot: app.Bot, playground: Playground, admin: Member, permission: Permission
) -> None:
    playground.set_bot_permissions(ART_ID, without(permission))
    answer = await said(admin, "server log", {"channel": ART_ID})
    assert f"I can't post in <#{ART_ID}>. Give me these permissions there: " in answer
    assert LABELS[permission] in answer
    assert f"Log channel: <#{ART_ID}>" not in await said(admin, "server show")
