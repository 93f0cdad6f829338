"""The slash commands: names and descriptions."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from discord import app_commands
from discord.ext import commands as extension

import bot.cogs
from generation.settings import Sampler

_UNTRANSLATED = frozenset(Sampler)
"""Names that are the same in every language."""


@dataclass(frozen=True)
class Command:
    """A command, a subcommand, or a command group; `place` is the file with its cog."""

    place: str
    path: str
    description: str
    options: tuple[app_commands.Parameter, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(" ")[2]

    @property
    def names(self) -> list[str]:
        """The names that Discord shows: of the command, its options and their choices."""
        return [self.name, *(option.name for option in self.options), *self.choices]

    @property
    def descriptions(self) -> list[str]:
        return [self.description, *(str(option.description) for option in self.options)]

    @property
    def choices(self) -> list[str]:
        """The names of choices that need a translation."""
        return [choice.name for option in self.options for choice in option.choices if choice.name not in _UNTRANSLATED]


def commands() -> list[Command]:
    """All commands, subcommands and groups."""
    return [command for family in _families() for command in _of(family)]


def _families() -> Iterator[type[extension.Cog]]:
    found = pkgutil.iter_modules(bot.cogs.__path__, "bot.cogs.")
    for module in [importlib.import_module(each.name) for each in found]:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, extension.Cog) and value.__module__ == module.__name__:
                yield value


def _of(family: type[extension.Cog]) -> Iterator[Command]:
    place = f"{family.__module__.replace('.', '/')}.py"
    group = getattr(family, "__cog_group_name__", "") if issubclass(family, extension.GroupCog) else ""
    if issubclass(family, extension.GroupCog):
        if family.__subclasses__():
            return
        yield Command(place, str(group), str(family.__cog_group_description__))
    for command in family.__cog_app_commands__:
        yield from _below(place, command, f"{group} ".lstrip())


def _below(
    place: str, command: app_commands.Command[Any, ..., Any] | app_commands.Group, before: str
) -> Iterator[Command]:
    path = f"{before}{command.name}"
    if isinstance(command, app_commands.Group):
        yield Command(place, path, command.description)
        for child in command.commands:
            yield from _below(place, child, f"{path} ")
    else:
        yield Command(place, path, command.description, tuple(command.parameters))
