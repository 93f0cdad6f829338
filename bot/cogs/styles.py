"""/styles: a person's presets."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.requester import requester_of
from bot.interactions.respond import tell
from bot.locales import say
from bot.policy.request_context import ContextLoader
from bot.prompts import flags
from bot.prompts.presets import SLOT
from bot.prompts.style_book import shipped
from bot.views.text import fitting, shown
from generation import names
from generation.names import is_blank
from generation.prompts.choices import WordLists, is_list_name
from generation.sentences import Markup
from storage.people import People
from storage.records import Style

MOST = 25
"""The most presets of one person; a select or a list of suggestions holds as many."""

LONGEST_NAME = 32
"""Characters of a word list's name that is shown."""

Name = app_commands.Range[str, 1, 32]
Text = app_commands.Range[str, 1, 1000]


class Styles(commands.GroupCog, group_name="styles", group_description="Your saved styles for /imagine"):
    """Saves words and flags under a name."""

    def __init__(self, people: People, contexts: ContextLoader) -> None:
        self._people = people
        self._contexts = contexts

    @app_commands.command()
    async def save(self, interaction: discord.Interaction, name: Name, text: Text) -> None:
        """Save words and flags as a style.

        Args:
            name: Name of the style
            text: Words and flags such as --cfg 6; put {prompt} where the prompt goes
        """
        if is_blank(name):
            raise Refusal("The name is blank. Choose one that can be seen.")
        flags.read(text.replace(SLOT, "prompt"))
        kept = await self._people.styles(interaction.user.id)
        if len(kept) >= MOST and names.normal(name) not in [each.name for each in kept]:
            raise Refusal("You already have {most} styles, the maximum. Remove one first.", most=MOST)
        await self._people.keep_style(interaction.user.id, Style(name, text))
        await self._answer(interaction, f"{say('Saved.')} ")

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show your styles, and those for everybody."""
        context = await self._contexts.load(requester_of(interaction))
        others = [say("For everybody: {names}", names=Markup(", ".join(f"`{each}`" for each in shipped())))]
        if shared := context.rulebook.styles:
            others.insert(0, say("On this server: {names}", names=list(shared)))
        if sayable := _sayable(context.word_lists):
            others.append(say("Word lists: {names}", names=Markup(sayable)))
        await self._answer(interaction, "".join(f"-# {each}\n" for each in others))

    @app_commands.command()
    async def remove(self, interaction: discord.Interaction, name: Name) -> None:
        """Remove one of your styles.

        Args:
            name: Style to remove
        """
        if not await self._people.drop_style(interaction.user.id, name):
            raise Refusal("You have no style “{name}”. See /styles list.", name=name)
        await self._answer(interaction, f"{say('Removed.')} ")

    @remove.autocomplete("name")
    async def _names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_styles(await self._people.styles(interaction.user.id), typed)

    async def _answer(self, interaction: discord.Interaction, first: str = "") -> None:
        styles = await self._people.styles(interaction.user.id)
        lines = [f"- **{shown(each.name, 32)}** {shown(each.text, 30)}" for each in styles]
        none = say("none yet: try `/styles save name:noir text:film noir, {prompt}, high contrast --ar 3:2`")
        head = f"{first}{say('Your styles:')}"
        await tell(interaction, fitting([head, *(lines or [f"- {none}"])], MESSAGE_LENGTH))


def _sayable(lists: WordLists) -> str:
    """The first lists with entries, as a prompt names them."""
    names = [name for name, entries in lists.items() if entries and is_list_name(name) and len(name) <= LONGEST_NAME]
    more = ["…"] if len(names) > MOST else []
    return ", ".join([*(f"`__{each}__`" for each in names[:MOST]), *more])
