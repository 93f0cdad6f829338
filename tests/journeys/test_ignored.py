"""What had no effect is said on the message of the picture."""

from typing import Any

import pytest

from bot import app
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, words_of
from tests.journeys.test_blend import picture

STRENGTH = "Strength was ignored"
CONTROL = "`--control` was ignored"
WEIGHT = "`--image-weight` was ignored"
BRACE = "A brace has no partner"
ALL = (STRENGTH, CONTROL, WEIGHT, BRACE)


def told(words: str) -> set[str]:
    return {each for each in ALL if each in words}


@pytest.mark.parametrize(
    ("options", "ignored"),
    [
        ({"prompt": "a fox", "strength": 0.5}, {STRENGTH}),
        ({"prompt": "a fox --strength 0.5 --control 0.8 --image-weight 0.5"}, {STRENGTH, CONTROL, WEIGHT}),
        ({"prompt": "a {red, blue fox"}, {BRACE}),
        ({"prompt": "a red, blue} fox"}, {BRACE}),
        ({"prompt": r"a \{red, blue fox in the {snow}"}, set()),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_settings_and_braces(bot: app.Bot, member: Member, options: dict[str, Any], ignored: set[str]) -> None:
    assert told(words_of(await member.imagine(**options))) == ignored


async def test_with_a_start_picture_its_strength_counts(bot: app.Bot, member: Member) -> None:
    shown = await member.imagine("a {red, blue fox", image=picture("red"), strength=0.5)
    assert told(words_of(shown)) == {BRACE}


async def test_it_is_said_while_the_picture_is_drawn(bot: app.Bot, member: Member, pool: FakePool) -> None:
    pool.hold()
    started = await member.start("a fox --strength 0.5")
    assert told(words_of(await member.see_drawing(pool, started))) == {STRENGTH}


async def test_it_is_said_of_figures_and_of_changed_settings_too(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("explain", {"prompt": "a fox --strength 0.5", "steps": 4})
    assert outcome.message is not None
    await member.see(outcome.message, lambda each: STRENGTH in words_of(each))
    first = await member.imagine("a fox")
    form = (await member.click(first, "Remix")).modal
    remixed = await member.submit(form, {"prompt": "a fox", "flags": "--strength 0.5 --steps 4"})
    assert remixed.message is not None
    assert told(words_of(await member.see_finished(remixed.message))) == {STRENGTH}


async def test_a_blend_weighs_no_lines(bot: app.Bot, member: Member) -> None:
    options = {"first": picture("red"), "second": picture("blue"), "prompt": "a fox --control 0.5 --strength 0.5"}
    outcome = await member.slash("blend", options)
    assert outcome.message is not None
    assert told(words_of(await member.see_finished(outcome.message))) == {CONTROL}


async def test_words_that_a_model_does_not_read_are_named(bot: app.Bot, member: Member) -> None:
    prompt = f"a fox unread {'and a small hat ' * 30}--strength 0.5"
    shown = words_of(await member.imagine(prompt))
    assert "It ignored everything from “unread and a small hat and" in shown
    assert told(shown) == {STRENGTH}
    assert len(shown.split("from “")[1].partition("\n-# pocket is")[0]) < 200
    again = words_of(await member.looks_up("show", number=1))
    assert "It ignored everything from" in again
