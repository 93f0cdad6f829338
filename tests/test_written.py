import logging

import pytest

from generation.errors import NoisefoxError
from playground.state.tokens import BOT_TOKEN, interaction_token
from tests.written import Searched, place_of_token


def lines_found(name: str, message: str, error: Exception | None = None) -> list[str]:
    """What is found in one line of the log."""
    searched = Searched()
    searched.handle(logging.makeLogRecord({"name": name, "msg": message, "exc_info": error and (None, error, None)}))
    return searched.taken()


@pytest.mark.parametrize("token", [BOT_TOKEN, interaction_token(1)])
def test_a_token_is_found_wherever_it_stands(token: str) -> None:
    assert place_of_token("nothing to hide") is None
    assert place_of_token(f"lane_{token}") is not None
    assert lines_found("bot.delivery", f"/webhooks/1/{token}/messages failed")
    assert lines_found("storage", "failed", OSError(token))


def test_of_other_libraries_the_line_counts_that_the_program_writes() -> None:
    assert not lines_found("discord.http", f"PATCH /webhooks/1/{interaction_token(1)}/messages failed")
    assert not lines_found("discord.gateway", f"IDENTIFY {BOT_TOKEN}")
    assert lines_found("discord.gateway", f"signature {BOT_TOKEN.rpartition('.')[2]}")


def test_a_token_in_the_text_of_an_error_is_found(request: pytest.FixtureRequest) -> None:
    """`pytest_configure` in tests/conftest.py watches all errors."""
    NoisefoxError("no token")
    NoisefoxError(f"The token {BOT_TOKEN} is refused.")
    searched = next(each for each in logging.getLogger().handlers if isinstance(each, Searched))
    assert searched.taken() == ["the text of NoisefoxError"]
