"""/server words and /server people: what prompts may not name."""

import re
from collections.abc import Sequence

import discord
from discord import app_commands, ui

from bot.cogs.saved import say_saved
from bot.cogs.server_group import ServerGroup, check_manages, guild_of
from bot.errors import Refusal
from bot.interactions.respond import answer, change, tell
from bot.locales import say
from bot.locales.plain import plain
from bot.policy import blocked_words
from bot.policy.spelling import plain as bare
from bot.views import blocked_list, server_rules
from bot.views.message import QUIET, MessageContent, framed
from bot.views.text import shown
from generation.sentences import Sentence
from storage.server_rules import Listed

Words = app_commands.Range[str, 0, 4000]

SHOWN = 300
"""Characters of the changed words in an answer."""


class ServerWords(ServerGroup):
    """Blocked words and people."""

    @app_commands.command()
    async def words(
        self,
        interaction: discord.Interaction,
        add: Words | None = None,
        remove: Words | None = None,
        blocked: Words | None = None,
    ) -> None:
        """Block words in prompts, or show the blocked ones; negative prompts can still contain them.

        Args:
            add: Words or phrases to block, separated by commas; gore* also blocks gorefest
            remove: Words or phrases to unblock, separated by commas
            blocked: The whole list, separated by commas; a dash (-) unblocks all
        """
        if blocked is not None and (add or remove):
            raise Refusal("Give the whole list, or words to add and remove, not both.")
        if blocked is None:
            await self._change(interaction, Listed.WORDS, add, remove)
            return
        words = blocked_words.read(blocked.removeprefix("-"))
        if not words:
            await self._ask_to_unblock(interaction)
            return
        await self._rules.decide(guild_of(interaction), blocked_words=words)
        self._audit_log.decided(
            interaction,
            Sentence("{person} set the blocked words: {number}", number=len(words)),
        )
        await say_saved(interaction, [server_rules.blocked(words)])

    @app_commands.command()
    async def people(
        self, interaction: discord.Interaction, add: Words | None = None, remove: Words | None = None
    ) -> None:
        """Block people whom prompts may not name, or show the blocked ones.

        Args:
            add: Full names, separated by commas; also found with the last name first
            remove: Names to unblock, separated by commas
        """
        await self._change(interaction, Listed.PEOPLE, add, remove)

    async def _change(
        self, interaction: discord.Interaction, listed: Listed, add: str | None, remove: str | None
    ) -> None:
        """Add to a list and remove from it, or show it where nothing is named."""
        before = await self._rules.listed(guild_of(interaction), listed)
        if not add and not remove:
            show = server_rules.blocked if listed is Listed.WORDS else server_rules.blocked_people
            await answer(interaction, blocked_list.whole_list(show(before), before, _FILES[listed]))
            return
        if add and not blocked_words.read(add):
            raise Refusal("There's no word in “{value}”. Separate words by commas.", value=add[:100])
        known = {bare(each): each for each in before}
        added = [each for each in blocked_words.read(add or "") if bare(each) not in known]
        twice = {*map(bare, blocked_words.read(add or ""))} & {*map(bare, blocked_words.read(remove or ""))}
        if twice:
            raise Refusal("You can't add and remove “{word}” at once.", word=min(twice)[:100])
        removed = [known[bare(each)] for each in blocked_words.read(remove or "") if bare(each) in known]
        for each in blocked_words.read(remove or ""):
            if bare(each) not in known:
                raise Refusal("“{word}” isn't on the list. Choose from the list.", word=plain(each[:100]))
        if not added and not removed:
            await tell(interaction, say("They were blocked already."))
            return
        await self._rules.change_listed(guild_of(interaction), listed, add=added, remove=removed)
        self._audit_log.decided(interaction, _SAID[listed].with_values(added=len(added), removed=len(removed)))
        lines = [say("Now blocked: {names}", names=_hidden(added))] if added else []
        lines += [say("No longer blocked: {names}", names=_hidden(removed))] if removed else []
        await say_saved(interaction, lines)

    async def _ask_to_unblock(self, interaction: discord.Interaction) -> None:
        """Ask before the whole list is lost."""
        words = await self._rules.listed(guild_of(interaction), Listed.WORDS)
        if words:
            await answer(interaction, blocked_list.question(words))
        else:
            await tell(interaction, server_rules.blocked(words))

    async def decide_words(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Unblock all words, or none; ask again where the list is no longer the one that was shown."""
        check_manages(interaction)
        guild_id = guild_of(interaction)
        words = await self._rules.listed(guild_id, Listed.WORDS)
        sentence = say("Nothing was changed.")
        if match["decision"] == "yes" and words:
            if match["listed"] != blocked_list.fingerprint(words):
                await change(interaction, blocked_list.question(words))
                return
            await self._rules.decide(guild_id, blocked_words=())
            self._audit_log.decided(interaction, Sentence("{person} set the blocked words: {number}", number=0))
            sentence = server_rules.blocked(())
        await change(interaction, MessageContent(framed([ui.TextDisplay(sentence)], QUIET)))

    @words.autocomplete("remove")
    async def _blocked_words(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._suggested(interaction, Listed.WORDS, typed)

    @people.autocomplete("remove")
    async def _blocked_people(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._suggested(interaction, Listed.PEOPLE, typed)

    async def _suggested(
        self, interaction: discord.Interaction, listed: Listed, typed: str
    ) -> list[app_commands.Choice[str]]:
        blocked = await self._rules.listed(guild_of(interaction), listed)
        return self.suggested(interaction, ((each, each) for each in blocked), typed)


_FILES = {Listed.WORDS: "blocked-words.txt", Listed.PEOPLE: "blocked-people.txt"}

_SAID = {
    Listed.WORDS: Sentence("{person} changed the blocked words: {added} added, {removed} removed"),
    Listed.PEOPLE: Sentence("{person} changed the blocked people: {added} added, {removed} removed"),
}


def _hidden(names: Sequence[str]) -> str:
    return f"||{shown(', '.join(names), SHOWN)}||"
