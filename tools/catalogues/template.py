"""The template catalogue: everything that is translated, in English."""

from babel.messages.catalog import Catalog

from bot.locales.languages import NAME
from tools.catalogues.commands import commands
from tools.catalogues.source import Template, menu_names, templates

_HEADER = """\
# Texts of Noisefox.
# {fields} stay as they are; an exclamation mark and a colon inside them say how they are written.
# Labels of buttons hold 80 characters, descriptions of commands and options 100.
# Context "name": names of commands and options are lower case without spaces, at most 32 characters; those of message
# menus hold 32, those of choices 100. A sentence calls a command by its name in the same language.
#"""


def template() -> Catalog:
    """Templates of sentences, and descriptions and names of commands, in the order of the source."""
    catalog = Catalog(
        project="Noisefox", version="main", header_comment=_HEADER, msgid_bugs_address="Noisefox's issues", fuzzy=False
    )
    for each in (*templates(), *_descriptions()):
        catalog.add(
            each.text if each.one is None else (each.one, each.text), locations=[(each.place.partition(":")[0], 0)]
        )
    for each in (*_names(), *menu_names()):
        catalog.add(each.text, locations=[(each.place, 0)], context=NAME)
    return catalog


def _descriptions() -> list[Template]:
    return [Template(command.place, text) for command in commands() for text in command.descriptions]


def _names() -> list[Template]:
    return [Template(command.place, name) for command in commands() for name in command.names]
