"""Commands and options that somebody's Discord still offers from another version of the bot."""

from typing import Any

import pytest

from bot import app
from tests.journeys.conftest import Member, words_of

RESTART = "Restart Discord"


async def edit(bot: app.Bot, name: str, **changes: Any) -> None:
    """Change a command as Discord knows it; the bot knows the other version."""
    client = bot.client
    assert client.application_id is not None
    [command] = [each for each in await client.tree.fetch_commands() if each.name == name and each.type.value == 1]
    await client.http.edit_global_command(client.application_id, command.id, changes)


async def said(member: Member, command: str, **options: Any) -> str:
    outcome = await member.slash(command, options)
    assert outcome.message is not None
    assert outcome.message["ephemeral_for"] == member.id
    return words_of(outcome.message)


async def test_a_command_that_is_gone(bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture) -> None:
    bot.client.tree.remove_command("show")
    assert RESTART in await said(member, "show", number=1)
    assert "Traceback" not in caplog.text


async def test_a_suggestion_for_a_command_that_is_gone(bot: app.Bot, member: Member) -> None:
    bot.client.tree.remove_command("imagine")
    assert await member.autocomplete("imagine", {"prompt": "a fox <lora:"}, focused="prompt") == []


async def test_an_option_that_is_missing(bot: app.Bot, member: Member) -> None:
    option = {"type": 4, "name": "number", "description": "a number", "required": False}
    await edit(bot, "show", options=[option])
    assert RESTART in await said(member, "show")


async def test_a_choice_that_is_gone(bot: app.Bot, member: Member) -> None:
    texts = [{"type": 3, "name": name, "description": name} for name in ("prompt", "sampler")]
    await edit(bot, "imagine", options=texts)
    assert RESTART in await said(member, "imagine", prompt="a fox", sampler="Gone")
