"""Commands that Discord rejects."""

from typing import Any

import pytest

from playground.errors import Json
from playground.state.world import BOT_ID
from tests.playground.builders import command, has_error_at
from tests.playground.conftest import Api

COMMANDS = f"/applications/{BOT_ID}/commands"


def option(**changed: Any) -> Json:
    return {"type": 3, "name": "prompt", "description": "What to draw."} | changed


def with_options(*options: Json) -> Json:
    return command(options=list(options))


CHOICE = {"name": "a", "value": "a"}


BAD_COMMANDS: list[tuple[str, list[Json], str]] = [
    ("upper case", [command(name="Imagine")], "0.name"),
    ("blank in name", [command(name="to imagine")], "0.name"),
    ("long name", [command(name="x" * 33)], "0.name"),
    ("no description", [command(description=None)], "0.description"),
    ("empty description", [command(description="")], "0.description"),
    ("long description", [command(description="x" * 101)], "0.description"),
    ("duplicates", [command(), command()], "1.name"),
    ("unknown field", [command(colour=1)], "0.colour"),
    ("menu with description", [{"type": 3, "name": "Read", "description": "x"}], "0.description"),
    ("menu with options", [{"type": 2, "name": "Read", "options": [option()]}], "0.options"),
    ("26 options", [with_options(*(option(name=f"o{n}") for n in range(26)))], "0.options"),
    ("option name", [with_options(option(name="Prompt"))], "0.options.0.name"),
    ("option description", [with_options(option(description=""))], "0.options.0.description"),
    ("same option", [with_options(option(), option())], "0.options.1.name"),
    ("required last", [with_options(option(), option(name="b", required=True))], "0.options.1.required"),
    ("both", [with_options(option(autocomplete=True, choices=[CHOICE]))], "0.options.0"),
    ("26 choices", [with_options(option(choices=[CHOICE] * 26))], "0.options.0.choices"),
    ("same choice", [with_options(option(choices=[CHOICE] * 2))], "0.options.0.choices.1.name"),
    ("choice value", [with_options(option(type=4, choices=[CHOICE]))], "0.options.0.choices.0.value"),
    ("choices of a user", [with_options(option(type=6, choices=[CHOICE]))], "0.options.0"),
    ("min over max", [with_options(option(type=4, min_value=3, max_value=2))], "0.options.0.min_value"),
    ("length of a number", [with_options(option(type=4, max_length=2))], "0.options.0.max_length"),
    ("group in subcommand", [with_options(option(type=1, options=[option(type=2)]))], "0.options.0.options.0.type"),
    ("mixed", [with_options(option(type=1), option(name="b"))], "0.options"),
    ("locale", [command(name_localizations={"es": "x"})], "0.name_localizations.es"),
    (
        "8,000 characters",
        [
            with_options(
                *(
                    option(name=f"o{n}", choices=[{"name": f"{i}" * 90, "value": "v" * 90} for i in range(3)])
                    for n in range(20)
                )
            )
        ],
        "0",
    ),
]


@pytest.mark.parametrize(("body", "path"), [case[1:] for case in BAD_COMMANDS], ids=[case[0] for case in BAD_COMMANDS])
async def test_bad_commands(api: Api, body: list[Json], path: str) -> None:
    status, answer, _ = await api("PUT", COMMANDS, body)
    assert (status, answer["code"]) == (400, 50035)
    assert has_error_at(answer, path), answer


async def test_how_many_commands(api: Api) -> None:
    slash = [command(name=f"c{number}") for number in range(101)]
    menus = [{"type": 3, "name": f"Menu {number}"} for number in range(16)]
    for commands in (slash, menus):
        status, answer, _ = await api("PUT", COMMANDS, commands)
        assert (status, answer["code"]) == (400, 30032)
    status, answer, _ = await api("PUT", COMMANDS, slash[:100] + menus[:15])
    assert (status, len(answer)) == (200, 115)
    assert answer[100]["description"] == ""
