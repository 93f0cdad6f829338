"""/server words: what prompts may not contain."""

import discord
from discord import app_commands

from bot.cogs.server_group import ServerGroup, guild_of
from bot.policy import blocked_words
from bot.views import server_rules
from generation.sentences import Sentence

Words = app_commands.Range[str, 0, 4000]


class ServerWords(ServerGroup):
    """Blocked words."""

    @app_commands.command()
    async def words(self, interaction: discord.Interaction, blocked: Words) -> None:
        """Block words in prompts; negative prompts can still contain them.

        Args:
            blocked: Words or phrases separated by commas; gore* also blocks gorefest; a dash (-) unblocks all
        """
        words = blocked_words.read(blocked.removeprefix("-"))
        await self._rules.decide(guild_of(interaction), blocked_words=words)
        self._audit_log.decided(
            interaction,
            Sentence("{person} set the blocked words: {number}", number=len(words)),
        )
        await self.saved(interaction, [server_rules.blocked(words)])
