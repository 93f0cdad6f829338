"""Blocked words are found wherever a prompt can come from, before anything is drawn."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from bot import app
from playground.client.person import File, Outcome
from tests.journeys.conftest import Member, Start, finished, words_of
from tests.journeys.test_rules import refused, said

REFUSAL = "“fox” is blocked on this server."


@pytest.fixture
async def bot(start: Start, admin: Member) -> AsyncIterator[app.Bot]:
    async with start() as bot:
        await admin.slash("server words", {"blocked": "fox"})
        yield bot


def is_refused(outcome: Outcome, member: Member) -> bool:
    message = outcome.message
    return message is not None and message["ephemeral_for"] == member.id and REFUSAL in words_of(message)


@pytest.mark.parametrize(
    "prompt", ["a fox", "a f.o.x", "a f\N{ZERO WIDTH SPACE}ox", "a ＦＯＸ", "a fo()x", "a {hen, f{o,}x}"]
)
async def test_in_any_guise(bot: app.Bot, member: Member, prompt: str) -> None:
    assert REFUSAL in await refused(member, prompt=prompt)
    assert bot.dispatcher.line() == []


async def test_in_one_of_several_prompts(bot: app.Bot, member: Member) -> None:
    assert REFUSAL in await refused(member, prompt="a {red hen, red fox} in {snow, rain}")
    assert REFUSAL in await refused(member, prompt="a {hen, fox, dog, cat, cow, pig} in snow")
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []


async def test_in_styles_and_words_of_ones_own(bot: app.Bot, member: Member) -> None:
    await member.asks("styles save", name="sly", text="{prompt}, beside a fox")
    assert REFUSAL in await refused(member, prompt="a hen", style="sly")
    await member.slash("settings suffix", {"text": "with a fox"})
    assert REFUSAL in await refused(member, prompt="a hen")


async def test_in_what_is_asked_of_a_picture(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a hen")
    remix, start = await member.click(done, "Remix"), await member.menu("Start from this picture", done)
    for opened in (remix, start):
        outcome = await member.submit(opened.modal, {"prompt": "a fox"})
        assert is_refused(outcome, member)


async def test_in_other_commands(bot: app.Bot, member: Member) -> None:
    for command, options in (
        ("explain", {"prompt": "a fox"}),
        ("compare", {"prompt": "a fox", "parameter": "guidance", "values": "2, 3"}),
        ("seed", {"number": 7, "prompt": "a hen", "other": "a fox"}),
    ):
        assert REFUSAL in await said(member, command, options)
    picture = BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    files = {name: File("a.png", picture.getvalue(), "image/png") for name in ("first", "second")}
    assert REFUSAL in await said(member, "blend", {"prompt": "a fox", **files})


async def test_a_negative_prompt_may_hold_them(bot: app.Bot, member: Member) -> None:
    assert finished(await member.imagine("a hen", negative="fox"))
    assert REFUSAL in await refused(member, prompt="a hen", negative="(fox:-1)")
