"""/explain"""

import discord
from discord import app_commands

from bot.cogs.prompt_options import PromptCog, PromptOptions, with_prompt_options


class Explain(PromptCog):
    """How a picture is drawn, on one's own prompt."""

    @app_commands.command()
    @with_prompt_options
    async def explain(self, interaction: discord.Interaction, given: PromptOptions) -> None:
        """Show step by step how a picture is drawn."""
        await self.draw(interaction, given, explained=True)
