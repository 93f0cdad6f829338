"""A link that comes from a prompt gets no preview in a message of the bot."""

from typing import Any

import pytest

from bot import app
from playground.state.message import LOADING, SUPPRESS_EMBEDS
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message

LINK = "https://evil.example/page"


def is_without_previews(message: Message) -> bool:
    """True where a plain message names the link and Discord is told to show no preview."""
    assert "evil.example" in message["content"]
    return bool(message["flags"] & SUPPRESS_EMBEDS)


@pytest.mark.parametrize("by", ["reply", "message"])
async def test_in_a_notice_that_a_picture_is_done(bot: app.Bot, member: Member, by: str) -> None:
    await member.asks("settings notify", by=by)
    await member.imagine(f"a fox, {LINK}")
    assert is_without_previews(await member.wait_for(lambda each: "Your picture is done" in each["content"]))


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("imagine", {"prompt": "a fox", "style": LINK}),
        ("styles remove", {"name": LINK}),
        ("styles save", {"name": LINK, "text": "noir"}),
        ("settings suffix", {"text": LINK}),
    ],
)
async def test_in_answers_and_refusals(bot: app.Bot, member: Member, command: str, options: dict[str, Any]) -> None:
    outcome = await member.slash(command, options)
    assert outcome.message is not None
    assert is_without_previews(outcome.message)


async def test_in_a_refusal_of_a_form(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a fox")
    opened = await member.click(done, "Remix")
    outcome = await member.submit(opened.modal, {"prompt": f"a fox --model {LINK}"})
    assert outcome.message is not None
    assert is_without_previews(outcome.message)


async def test_a_refusal_after_the_acknowledgement_fills_it(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.hold()
    await member.start()
    acknowledged = await member.asks("show", number=1)
    refused = await member.see(acknowledged, lambda each: bool(each["content"]))
    assert "still being drawn" in refused["content"]
    assert refused["flags"] & (LOADING | SUPPRESS_EMBEDS) == SUPPRESS_EMBEDS
    assert len(member.messages()) == 2
    pool.release()
