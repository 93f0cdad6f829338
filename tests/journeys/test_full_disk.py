"""A disk that is nearly full: nothing is drawn that could not be saved."""

import pytest

from bot import app
from bot.requests import disk_room
from tests.journeys.conftest import Member, finished, text_of


async def test_a_request_is_refused_while_the_disk_is_nearly_full(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await member.imagine("a boat")
    monkeypatch.setattr(disk_room, "AGE", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(disk_room, "free_bytes", lambda folder: disk_room.NEARLY_FULL - 1)
        refused = await member.asks("imagine", prompt="a castle")
        assert "My disk is nearly full" in refused["content"]
        pressed = (await member.click(first, "Re-roll")).message
        assert pressed is not None
        assert "My disk is nearly full" in text_of(pressed)
        assert bot.dispatcher.line() == []
    assert finished(await member.imagine("a castle"))
