"""More people at once than can be answered in time."""

import pytest

from bot import app
from bot.interactions import gate
from tests.journeys.conftest import Member, words_of

BUSY = "I'm very busy right now. Try again in a few seconds."


async def test_whoever_comes_in_a_rush_is_told_and_can_ask_again(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = await member.imagine("a boat")
    with monkeypatch.context() as rush:
        rush.setattr(gate, "MOST", 0)
        rush.setattr(gate, "PATIENCE", 0.0)
        assert words_of(await member.asks("imagine", prompt="a fox")) == BUSY
        pressed = await member.click(drawn, "Re-roll")
        assert pressed.message is not None
        assert words_of(pressed.message) == BUSY
    assert (await bot.generations.of_user(int(member.id))).total == 1
    await member.imagine("a fox")
