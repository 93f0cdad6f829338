"""Names and prompts that Discord cannot show, or not whole, in lists of suggestions and in menus."""

from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.cogs import option_types
from generation.loras import LoraSpec
from tests.journeys.conftest import Member, Message, Start, finished, text_of

UNSEEN = "\N{ZERO WIDTH SPACE}"


def options_of(message: Message) -> list[dict[str, Any]]:
    """The options of the only menu of a message."""
    rows = [part for part in message["components"][0]["components"] if part["type"] == 1]
    [menu] = [each for row in rows for each in row["components"] if each["type"] == 3]
    found: list[dict[str, Any]] = menu["options"]
    return found


def test_one_value_that_is_too_long_leaves_the_other_suggestions() -> None:
    pairs = [("long", "v" * 101), (UNSEEN, "blank"), ("n" * 200, "fits"), ("fits", "v" * 100)]
    assert [each.value for each in option_types.choices(pairs)] == ["fits", "v" * 100]
    assert len(option_types.choices([("long", "v" * 101)] * 30 + [("fits", "v")] * 30)) == option_types.SUGGESTIONS


async def test_what_is_typed_beyond_the_length_of_a_suggestion_is_not_suggested(
    bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    for typed, values in (("5, 7", ["5, 7"]), ("5, " * 40, [])):
        options = {"prompt": "a fox", "parameter": "steps", "values": typed}
        choices = await member.autocomplete("compare", options, focused="values")
        assert [each["value"] for each in choices] == values
    assert [each for each in caplog.records if each.levelname == "ERROR"] == [], "Discord took both lists"


async def test_a_style_with_a_blank_name_is_refused(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("styles save", {"name": UNSEEN, "text": "film noir"})
    assert outcome.message is not None
    assert outcome.message["content"] == "The name is blank. Choose one that can be seen."


async def test_a_lora_with_a_long_name_is_suggested_and_drawn(start: Start, member: Member) -> None:
    long = "ink-" + "y" * 146
    async with start(loras=(LoraSpec(long, Path("any.safetensors")), LoraSpec("inky", Path("any.safetensors")))):
        first, second = await member.autocomplete("imagine", {"prompt": "a fox <lora:ink"}, focused="prompt")
        assert second["value"] == "a fox <lora:inky:1>"
        assert finished(done := await member.imagine(first["value"]))
        assert "a fox" in text_of(done)


async def test_a_prompt_that_begins_with_nothing_to_see_is_listed_by_its_number(bot: app.Bot, member: Member) -> None:
    await member.imagine("a boat")
    await member.imagine(UNSEEN * 100 + "a fox")
    labels = [each["label"] for each in options_of(await member.looks_up("history"))]
    assert labels == ["number 2", "a boat"]
    suggested = await member.autocomplete("imagine", {"prompt": ""}, focused="prompt")
    assert [each["name"] for each in suggested] == ["a boat"]


async def test_a_prompt_with_nothing_to_see_is_empty(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("imagine", {"prompt": UNSEEN})
    assert outcome.message is not None
    assert outcome.message["content"] == "The prompt is empty. Describe the picture you want."
