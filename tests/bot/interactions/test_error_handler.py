import logging
from types import SimpleNamespace
from typing import Any

import pytest

from bot.interactions.error_handler import answer_error


async def test_whatever_comes_while_the_bot_stops_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    interaction: Any = SimpleNamespace(id=7, client=SimpleNamespace(is_closed=lambda: True))
    await answer_error(interaction, RuntimeError("Session is closed"))
    [record] = [each for each in caplog.records if each.name == "bot.interactions.error_handler"]
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert record.getMessage() == "interaction 7 is left unanswered, for the bot closes: RuntimeError"
