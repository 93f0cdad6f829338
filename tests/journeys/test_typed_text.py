"""What people type is shown as they typed it in whatever answers them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import app
from generation.loras import LoraSpec
from tests.journeys.conftest import Member, Start
from tests.journeys.test_rules import refused


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[app.Bot]:
    async with start(loras=(LoraSpec("[x](y)", Path("any.safetensors")),)) as bot:
        yield bot


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("a --model [x](https://evil.example)", r"no model called “\[x\](https\://evil.example)” here"),
        ("a --style **x**", r"no style “\*\*x\*\*”"),
        ("a --sampler _x_", r"no sampler “\_x\_”"),
        ("a --schedule ||x||", r"no schedule “\|\|x\|\|”"),
        ("a <lora:__x__:1>", r"no LoRA called “\_\_x\_\_” here"),
        ("a <lora:[x](y:1>", r"“\[x\](y” here. Did you mean one of these? \[x\](y)"),
        (
            "a <lora:**x**:y>",
            r"The strength in “\<lora\:\*\*x\*\*\:y>” must be a number, for example `<lora:**x**:0.8>`",
        ),
    ],
)
async def test_in_a_refusal(bot: app.Bot, member: Member, prompt: str, shown: str) -> None:
    assert shown in await refused(member, prompt=prompt)


HALF = "a fox \ud83e"
"""Half of an emoji is left."""

BROKEN = "The text has a broken character that can't be saved. Delete it and type it again."


async def test_half_a_character_is_refused_wherever_it_is_typed(
    bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    assert await refused(member, prompt=HALF) == BROKEN
    assert await refused(member, prompt="a fox", negative=HALF) == BROKEN
    for command, options in (("styles save", {"name": "noir", "text": HALF}), ("styles remove", {"name": HALF})):
        outcome = await member.slash(command, options)
        assert outcome.message is not None
        assert outcome.message["content"] == BROKEN
    shown = await member.imagine("a fox")
    form = (await member.click(shown, "Remix")).modal
    outcome = await member.submit(form, {"prompt": HALF})
    assert outcome.message is not None
    assert BROKEN in outcome.message["content"]
    assert await member.autocomplete("imagine", {"prompt": HALF}, focused="prompt") == []
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_style_is_found_in_any_form_of_unicode(bot: app.Bot, member: Member) -> None:
    await member.slash("styles save", {"name": "Jose\u0301 ", "text": "film noir"})
    await member.imagine("a fox", style="Jos\u00e9")
    await member.imagine("a fox --style Jose\u0301")
    outcome = await member.slash("styles remove", {"name": " Jos\u00e9"})
    assert outcome.message is not None
    assert outcome.message["content"].startswith("Removed.")


async def test_a_backtick_does_not_end_a_code_span(bot: app.Bot, member: Member) -> None:
    said = await refused(member, prompt="a --x`[a](https://evil.example)`")
    assert said.count("`") == 2, said
