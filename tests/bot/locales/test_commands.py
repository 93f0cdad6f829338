"""Commands have names and descriptions in every language that Discord accepts."""

import re
from collections.abc import Iterator

import pytest

from bot.locales.languages import FOLDER, LANGUAGES, NAME, Language
from tools.catalogues.commands import Command, commands
from tools.catalogues.files import forms, read
from tools.catalogues.source import menu_names

TRANSLATED = list(LANGUAGES.translated.values())
WORD = re.compile(r"[-_'\w]{1,32}")
"""Names of commands and options that Discord accepts, apart from upper case."""


def name(language: Language, english: str) -> str:
    return language.found(english, NAME) or english


@pytest.mark.parametrize("command", commands(), ids=lambda each: each.path)
def test_a_command_in_each_language_is_what_discord_takes(command: Command) -> None:
    for language in TRANSLATED:
        options = [name(language, option.name) for option in command.options]
        assert len(set(options)) == len(options), "two options have one name"
        for word in (name(language, command.name), *options):
            assert WORD.fullmatch(word), word
            assert word == word.lower()
        for text in command.descriptions:
            assert len(language.found(text) or text) <= 100, text
        assert all(len(name(language, choice)) <= 100 for choice in command.choices)


def test_no_choice_has_the_name_of_the_command_me() -> None:
    """Choices and commands of one English word have one translation."""
    assert [each.path for each in commands() if "me" in each.choices] == []


def test_no_two_commands_have_one_name() -> None:
    for language in TRANSLATED:
        paths = [" ".join(name(language, part) for part in each.path.split()) for each in commands()]
        assert len(set(paths)) == len(paths)


def test_menus_have_names_that_fit() -> None:
    menus = [each.text for each in menu_names()]
    assert menus
    assert all(len(name(language, menu)) <= 32 for language in TRANSLATED for menu in menus)


def test_sentences_name_commands_by_their_names_in_the_same_language() -> None:
    """A translation names the same commands as the English sentence."""
    assert [wrong for language in TRANSLATED for wrong in misnaming(language)] == []


def misnaming(language: Language) -> Iterator[str]:
    for path in FOLDER.glob("*.po"):
        if path.stem in (language.locale, language.locale.partition("_")[0]):
            for message in read(path):
                meant = {name(language, each) for each in mentioned(forms(message.id)[-1])}
                for form in filter(None, forms(message.string)):
                    if message.id and meant != set(mentioned(form)):
                        yield f"{language.locale}: {form!r}"


def mentioned(sentence: str) -> list[str]:
    """The commands that a sentence names."""
    return re.findall(r"(?<![\w/:.<])/([^\W\d_][\w-]+)", sentence)
