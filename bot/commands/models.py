"""/models"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.layouts.lines import shown
from generation.catalogue import Catalogue

MOST = 25
"""Models that are listed; with all their values they fit a message."""


class Models(commands.Cog):
    """What can be drawn with."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @app_commands.command()
    async def models(self, interaction: discord.Interaction) -> None:
        """Show the models there are, and what each draws best with."""
        default = self._catalogue.default
        lines = [
            f"- **{shown(model.name, 40)}**{' (the default)' if model is default else ''}: "
            f"{model.width}×{model.height}, {model.steps} steps, guidance {model.guidance_scale:g}"
            for model in list(self._catalogue)[:MOST]
        ]
        text = "\n".join(["Choose one with `/imagine model:` or `--model`.", *lines])[:2000]
        await interaction.response.send_message(text, ephemeral=True)
