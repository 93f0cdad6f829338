"""/imagine comes first wherever commands are listed."""

import re
from pathlib import Path

from bot import app
from bot.cogs.help import PARTS
from playground import Playground
from tests.journeys.conftest import Member, words_of

README = Path(__file__).parents[2] / "README.md"


async def test_imagine_comes_first(bot: app.Bot, member: Member, playground: Playground) -> None:
    said = words_of(await member.asks("help"))
    assert re.findall(r"/[a-z]+", said)[0] == "/imagine"
    assert str(PARTS[0]).startswith("**/imagine**")
    assert next(iter(member.commands))["name"] == "imagine"


def test_in_the_tables_of_the_readme_too() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", README.read_text(), re.MULTILINE):
        commands = re.findall(r"`/([a-z]+)", table)
        assert "imagine" not in commands or commands[0] == "imagine"
    assert "| `/imagine` |" in README.read_text()
