"""Direct messages and notices that Discord refuses for a link in the prompt, or altogether."""

import logging
from typing import Any

import discord
import pytest

from bot import app
from bot.delivery.updates import UNTOLD
from playground import Playground
from tests.journeys.conftest import Clock, Member, Message, text_of, until, until_nothing_is_due, urls_of

PROMPT = "a boat, https://evil.example"
HARMFUL_LINK = 240000
TOLD = "I can't show it there. See /history, number 1."

MESSAGES = r"^/channels/\d+/messages"


def is_told(message: Message) -> bool:
    return TOLD in message["content"]


def refuse_endings(playground: Playground) -> None:
    """Let Discord refuse to show how requests end."""
    playground.fail_next("PATCH", r"/messages/\d", 400, times=1000)


def refuse_links(playground: Playground) -> None:
    """Let Discord refuse messages with the link of the prompt."""
    playground.fail_next("POST", MESSAGES, 400, times=1000, code=HARMFUL_LINK, body="evil")


async def test_the_owner_is_told_without_the_prompt(bot: app.Bot, playground: Playground, member: Member) -> None:
    refuse_endings(playground)
    refuse_links(playground)
    await member.start(PROMPT)
    told = await member.wait_for(is_told)
    assert "Your picture is done. " in told["content"]
    assert "evil" not in told["content"]
    await until_nothing_is_due(bot)


@pytest.mark.parametrize(("status", "code"), [(400, HARMFUL_LINK), (403, 20026), (404, 10003)])
async def test_what_is_refused_in_every_form_is_not_sent_for_ever(
    bot: app.Bot,
    playground: Playground,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: int,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    refuse_endings(playground)
    playground.fail_next("POST", MESSAGES, status, times=1000, code=code)
    await member.start(PROMPT)
    await until(lambda: "nobody could be told" in caplog.text and not bot.delivery.holds(1))
    clock.ahead += UNTOLD.total_seconds()
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    playground.clear_failures()
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    assert [each for each in member.messages() if is_told(each)] == []
    assert f"{status}, {code}" in caplog.text


async def test_a_lost_connection_is_no_refusal(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", (0.0,))
    send, tries = discord.User.send, []

    async def lost_once(user: discord.User, *args: Any, **options: Any) -> Any:
        tries.append(options)
        if len(tries) == 1:
            raise ConnectionResetError
        return await send(user, *args, **options)

    monkeypatch.setattr(discord.User, "send", lost_once)
    refuse_endings(playground)
    await member.start(PROMPT)
    assert "evil" in (await member.wait_for(is_told))["content"]
    await until_nothing_is_due(bot)


@pytest.mark.parametrize("by", ["reply", "message"])
async def test_a_notice_is_sent_without_the_prompt(
    bot: app.Bot, playground: Playground, member: Member, by: str
) -> None:
    await member.asks("settings notify", by=by)
    refuse_links(playground)
    await member.imagine(PROMPT)
    notice = await member.wait_for(lambda each: "Your picture is done" in each["content"])
    assert "evil" not in notice["content"]


async def test_pictures_are_sent_without_the_prompt(bot: app.Bot, playground: Playground, member: Member) -> None:
    done = await member.imagine(PROMPT)
    refuse_links(playground)
    await member.react(done, "✉️")
    sent = await member.wait_for(lambda each: each["id"] != done["id"] and bool(urls_of(each)))
    assert "evil" not in text_of(sent)
