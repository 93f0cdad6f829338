"""/server styles and /server lists: styles and word lists that all members may use."""

import discord
from discord import app_commands

from bot.cogs.saved import BOTH, say_saved
from bot.cogs.server_group import ServerGroup, guild_of
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.prompts import flags
from bot.prompts.presets import SLOT
from bot.views.text import fitting, shown
from generation import names
from generation.prompts import word_lists
from generation.prompts.choices import is_list_name
from generation.sentences import Sentence
from storage.rulebook import TextKind

MOST = 25
"""The most styles of a server, and the most word lists."""

Name = app_commands.Range[str, 1, 32]
Text = app_commands.Range[str, 1, 1000]
Words = app_commands.Range[str, 1, 4000]


class ServerPrompts(ServerGroup):
    """Shared styles and word lists."""

    @app_commands.command()
    async def styles(
        self, interaction: discord.Interaction, name: Name | None = None, text: Text | None = None, remove: bool = False
    ) -> None:
        """Save a style for all members, or show the shared ones.

        Args:
            name: Name of the style
            text: Words and flags such as --cfg 6; put {prompt} where the prompt goes
            remove: True removes the style
        """
        if text:
            flags.read(text.replace(SLOT, "prompt"))
        await self._change_text(interaction, TextKind.STYLE, name, text, remove=remove)

    @app_commands.command()
    async def lists(
        self,
        interaction: discord.Interaction,
        name: Name | None = None,
        words: Words | None = None,
        remove: bool = False,
    ) -> None:
        """Save a word list for prompts, or show the lists; __name__ in a prompt is a random entry.

        Args:
            name: Name of the list, of letters and digits
            words: Entries, separated by commas
            remove: True removes the list
        """
        if name and not is_list_name(name):
            raise Refusal("A list's name has letters, digits, dashes and slashes only. Choose another one.")
        text = "\n".join(word_lists.typed(words)) if words else None
        if words and not text:
            raise Refusal("There's no word in “{value}”. Separate words by commas.", value=words[:100])
        await self._change_text(interaction, TextKind.WORD_LIST, name, text, remove=remove)

    @styles.autocomplete("name")
    async def _styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._names(interaction, TextKind.STYLE, typed)

    @lists.autocomplete("name")
    async def _lists(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._names(interaction, TextKind.WORD_LIST, typed)

    async def _names(
        self, interaction: discord.Interaction, kind: TextKind, typed: str
    ) -> list[app_commands.Choice[str]]:
        known = await self._texts(interaction, kind)
        return self.suggested(interaction, ((each, each) for each in known), typed)

    async def _texts(self, interaction: discord.Interaction, kind: TextKind) -> dict[str, str]:
        """The server's texts of a kind, by name."""
        book = await self._rules.of(guild_of(interaction))
        if kind is TextKind.STYLE:
            return dict(book.styles)
        return {name: ", ".join(lines) for name, lines in book.word_lists.items()}

    async def _change_text(
        self, interaction: discord.Interaction, kind: TextKind, name: str | None, text: str | None, *, remove: bool
    ) -> None:
        """Keep a text, remove one, or show all."""
        known = await self._texts(interaction, kind)
        if name is None:
            if text or remove:
                raise Refusal("Choose a name.")
            await tell(interaction, fitting(_listed(kind, known), MESSAGE_LENGTH))
            return
        names.check_visible(name)
        if bool(text) == remove:
            raise Refusal(BOTH)
        if text is None:
            await self._remove_text(interaction, kind, name)
            return
        if names.key(name) not in known and len(known) >= MOST:
            raise Refusal("This server already has {most}, the maximum. Remove one first.", most=MOST)
        await self._rules.keep_text(guild_of(interaction), kind, name, text)
        self._audit_log.decided(interaction, _SAVED[kind].with_values(name=shown(name, 32)))
        await say_saved(interaction, [f"**{shown(name, 32)}** {shown(', '.join(text.splitlines()), 100)}"])

    async def _remove_text(self, interaction: discord.Interaction, kind: TextKind, name: str) -> None:
        if not await self._rules.drop_text(guild_of(interaction), kind, name):
            raise Refusal("There's no “{name}” on this server. Choose from the list.", name=shown(name, 32))
        self._audit_log.decided(interaction, _REMOVED[kind].with_values(name=shown(name, 32)))
        await tell(interaction, say("Removed."))


_SAVED = {
    TextKind.STYLE: Sentence("{person} saved the style {name}"),
    TextKind.WORD_LIST: Sentence("{person} saved the word list {name}"),
}
_REMOVED = {
    TextKind.STYLE: Sentence("{person} removed the style {name}"),
    TextKind.WORD_LIST: Sentence("{person} removed the word list {name}"),
}
_HEADS = {
    TextKind.STYLE: Sentence("Styles of this server:"),
    TextKind.WORD_LIST: Sentence("Word lists of this server:"),
}


def _listed(kind: TextKind, texts: dict[str, str]) -> list[str]:
    """All texts of a kind, a line each."""
    lines = [f"- **{shown(name, 32)}** {shown(text, 60)}" for name, text in texts.items()]
    return [say(_HEADS[kind]), *(lines or [f"- {say('none yet')}"])]
