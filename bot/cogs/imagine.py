"""/imagine"""

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.prompt_options import PromptCog, PromptOptions, with_prompt_options


class Imagine(PromptCog):
    """Pictures from words."""

    @app_commands.command()
    @with_prompt_options
    async def imagine(
        self, interaction: discord.Interaction, given: PromptOptions, count: option_types.Count | None = None
    ) -> None:
        """Draw a picture from your prompt.

        Args:
            count: How many pictures; each one uses the next seed
        """
        await self.draw(interaction, given, count=count)
