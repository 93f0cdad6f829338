"""One context a request: loaded once, with few statements, and blind to budgets."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.config import HOST_LIMITS
from generation.catalogue import POCKET
from playground.state.world import ART_ID
from storage import server_rules
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, text_of, words_of
from tests.journeys.test_menus import picture

MOST_STATEMENTS = 8
"""From the command to its saved and logged row; SQLAlchemy counts what it hands to the driver."""


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement, as it is executed."""
    executed: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield executed
    event.remove(Engine, "before_cursor_execute", note)


async def test_an_imagine_in_a_server_takes_few_statements(
    start: Start,
    pool: FakePool,
    member: Member,
    admin: Member,
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_rules, "FRESH", 60.0)
    pool.hold()
    async with start() as bot:
        await admin.slash("server limits", {"steps": 30})
        await admin.slash("server log", {"channel": ART_ID})
        await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID))
        statements.clear()
        started = await member.start("a red apple")
        await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "apple" in each["content"])
        taken_in = list(statements)
        pool.release()
        await member.see_finished(started)
        await bot.delivery.settle()
    assert any(each.startswith("INSERT INTO generations") for each in taken_in)
    assert len(taken_in) <= MOST_STATEMENTS, "\n".join(taken_in)
    rules = [each for each in statements if "FROM server_rules" in each]
    assert rules == [], "what was read of a server's rules a moment ago is not read again"


async def test_a_cooldown_does_not_replace_the_model_of_ones_own(start: Start, member: Member) -> None:
    async with start(models=(POCKET, replace(POCKET, name="mine")), limits=replace(HOST_LIMITS, cooldown=60)):
        await member.slash("settings model", {"name": "mine"})
        assert "· mine" in words_of(await member.imagine())
        assert "one request every 1 min" in text_of(await member.asks("imagine", prompt="a boat"))
        posted = await member.post("look.png", picture(), "image/png")
        form = (await member.menu("Use these settings", posted)).modal
        assert "--model mine" in str(form)
