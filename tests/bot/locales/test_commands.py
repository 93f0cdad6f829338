"""Commands have Spanish names and descriptions that Discord accepts."""

import re

import pytest

from bot.locales.languages import LANGUAGES
from tests.bot.locales.commands import Command, commands
from tests.bot.locales.source import menu_names
from tests.bot.locales.test_catalogues import entries

SPANISH = [LANGUAGES["es-ES"].catalogue, LANGUAGES["es-419"].catalogue]
NAME = re.compile(r"[-_'\w]{1,32}")
"""Names of commands and options that Discord accepts, apart from upper case."""


def names_of(command: Command) -> list[str]:
    return [command.name, *(option.name for option in command.options), *command.choices]


def descriptions_of(command: Command) -> list[str]:
    return [command.description, *command.option_descriptions]


def test_no_command_is_without_its_spanish() -> None:
    [spanish, _] = SPANISH
    names = [f"/{each.path}: {name!r}" for each in commands() for name in names_of(each) if name not in spanish.names]
    texts = [
        f"/{each.path}: {text!r}"
        for each in commands()
        for text in descriptions_of(each)
        if text not in spanish.sentences
    ]
    context_menus = [name for name in menu_names() if name not in spanish.names]
    assert names + texts + context_menus == [], "add names and sentences to bot/locales/es"


def test_no_name_is_left_over() -> None:
    known = {name for each in commands() for name in names_of(each)} | set(menu_names())
    stale = [
        f"{file}: {english!r}" for file, table, english, _ in entries() if table == "names" and english not in known
    ]
    assert stale == [], "this name is not used any more"


@pytest.mark.parametrize("command", commands(), ids=lambda each: each.path)
def test_the_spanish_of_a_command_is_what_discord_takes(command: Command) -> None:
    for catalogue in SPANISH:
        options = [catalogue.names[option.name] for option in command.options]
        assert len(set(options)) == len(options), "two options have one name"
        for name in (catalogue.names[command.name], *options):
            assert NAME.fullmatch(name), name
            assert name == name.lower()
        for text in descriptions_of(command):
            assert len(catalogue.sentences[text]) <= 100, text
        assert all(len(catalogue.names[choice]) <= 100 for choice in command.choices)


def test_no_two_commands_have_one_spanish_name() -> None:
    for catalogue in SPANISH:
        paths = [" ".join(catalogue.names[part] for part in each.path.split()) for each in commands()]
        assert len(set(paths)) == len(paths)


def test_menus_have_names_that_fit() -> None:
    assert all(len(catalogue.names[name]) <= 32 for catalogue in SPANISH for name in menu_names())


def test_spanish_sentences_name_commands_by_their_spanish_names() -> None:
    """A translation names the same commands as the English sentence."""
    for catalogue in SPANISH:
        wrong = []
        for english, translation in catalogue.sentences.items():
            for form in [translation] if isinstance(translation, str) else translation:
                meant = {catalogue.names.get(name, name) for name in mentioned(english)}
                if meant != set(mentioned(form)):
                    wrong.append(f"{english!r}: {form!r}")
        assert wrong == []


def mentioned(sentence: str) -> list[str]:
    """The commands that a sentence names."""
    return re.findall(r"(?<![\w/:.<])/([a-zé][\w-]+)", sentence)
