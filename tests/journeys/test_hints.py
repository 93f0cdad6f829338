"""Hints: one quiet line a day, where a setting is far from what the model likes."""

from dataclasses import replace
from typing import Any

import pytest

from bot import app
from generation.catalogue import POCKET
from tests.journeys.conftest import Clock, Member, Start, text_of
from tests.journeys.test_compare import cells_of

HINT = "too harsh"
DAY = 24 * 3600


async def test_a_hint_a_day_stays_with_its_picture_over_a_restart(
    start: Start, member: Member, other: Member, clock: Clock
) -> None:
    async with start():
        first = await member.imagine(guidance=20)
        assert text_of(first).count("-# 💡") == 1
        assert HINT in text_of(first)
        assert HINT not in text_of(await member.imagine(guidance=20))
        assert HINT in text_of(await other.imagine(guidance=20))
    async with start():
        clock.ahead += DAY - 60
        assert HINT not in text_of(await member.imagine(guidance=20))
        shown = await member.asks("show", number=1)
        assert HINT in text_of(await member.see_finished(shown))
        clock.ahead += 60
        assert HINT not in text_of(await member.imagine(guidance=8))
        assert HINT not in text_of(await member.press(first, "Re-roll"))
        assert HINT in text_of(await member.imagine(guidance=20))


async def test_a_person_or_a_server_can_do_without(bot: app.Bot, member: Member, other: Member, admin: Member) -> None:
    assert "hints off" in (await member.asks("settings hints", on=False))["content"]
    assert HINT not in text_of(await member.imagine(guidance=20))
    await member.asks("settings hints", on=True)
    assert "Hints: off" in text_of(await admin.asks("server hints", on=False))
    assert HINT not in text_of(await member.imagine(guidance=20))
    assert HINT in text_of(await member.imagine(channel="dm", guidance=20))
    assert "Hints: off" not in text_of(await admin.asks("server hints", on=True))
    assert HINT in text_of(await other.imagine(guidance=20))


TOY = "-# pocket is a teaching toy that knows emoji-like things; the host can add a real model."


async def test_a_first_picture_says_that_its_model_is_a_toy(bot: app.Bot, member: Member, other: Member) -> None:
    first = await member.imagine()
    assert TOY in text_of(first)
    assert TOY not in text_of(await member.imagine())
    assert TOY not in text_of(await member.press(first, "Re-roll"))
    assert HINT in text_of(await member.imagine(guidance=20)), "it isn't the hint of the day"
    other.locale = "es-ES"
    assert "-# pocket es un juguete para aprender" in text_of(await other.imagine())


async def test_nothing_is_called_a_toy_where_hints_are_off_or_a_model_was_added(
    start: Start, member: Member, other: Member
) -> None:
    async with start():
        await member.asks("settings hints", on=False)
        assert "teaching toy" not in text_of(await member.imagine())
    async with start(models=(POCKET, replace(POCKET, name="real", source="somebody/real"))):
        assert "teaching toy" not in text_of(await other.imagine())


@pytest.mark.parametrize(
    ("asked", "cells"),
    [
        ({"guidance": 20}, ["guidance 5", "guidance 20"]),
        ({"steps": 100, "prompt": "a red apple --size 64x96"}, ["steps 25", "steps 100"]),
        ({"prompt": "a red apple --size 256x256", "steps": 2}, ["size 128×128", "size 256×256"]),
    ],
    ids=["guidance", "steps", "size"],
)
async def test_its_button_compares_what_was_asked_for_with_what_the_model_likes(
    bot: app.Bot, member: Member, asked: dict[str, Any], cells: list[str]
) -> None:
    hinted = await member.imagine(**asked)
    pressed = await member.click(hinted, "Compare")
    assert pressed.message is not None
    done = await member.see(pressed.message, lambda message: "noisefox:cell:" in text_of(message))
    assert cells_of(done) == cells


async def test_what_is_drawn_out_of_a_comparison_gets_none(bot: app.Bot, member: Member) -> None:
    given = {"prompt": "a red apple --size 64x64", "parameter": "guidance", "values": "5,20", "seed": 7, "steps": 2}
    asked = await member.slash("compare", given)
    assert asked.message is not None
    done = await member.see(asked.message, lambda message: "noisefox:cell:" in text_of(message))
    chosen = await member.select(done, "noisefox:cell:1:0", ["1"])
    assert chosen.message is not None
    single = text_of(await member.see_finished(chosen.message))
    assert "guidance 20" in single
    assert HINT not in single
    assert "Drawn with the settings of [this picture]" in single
