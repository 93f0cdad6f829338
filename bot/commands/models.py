"""/models"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.layouts.lines import shown
from generation.catalogue import Catalogue
from generation.loras import LoraSpec

MOST = 25
"""Models that are listed; with all their values they fit a message."""


class Models(commands.Cog):
    """What can be drawn with."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @app_commands.command()
    async def models(self, interaction: discord.Interaction) -> None:
        """Show the models and LoRAs there are, and what each draws best with."""
        default = self._catalogue.default
        lines = [
            f"- **{shown(model.name, 40)}**{' (the default)' if model is default else ''}: "
            f"{model.width}×{model.height}, {model.steps} steps, guidance {model.guidance_scale:g}"
            for model in list(self._catalogue)[:MOST]
        ]
        if loras := [_line(lora) for lora in self._catalogue.loras][:MOST]:
            lines += ["LoRAs, which change what a model draws: put `<lora:name:0.8>` into the prompt.", *loras]
        if words := [shown(each.name, 40) for each in self._catalogue.embeddings][:MOST]:
            lines.append(f"Words of their own, in prompts and negative prompts: {', '.join(words)}.")
        text = "\n".join(["Choose one with `/imagine model:` or `--model`.", *lines])[:2000]
        await interaction.response.send_message(text, ephemeral=True)


def _line(lora: LoraSpec) -> str:
    words = f": {shown(lora.words, 60)}" if lora.words else ""
    models = f" (for {shown(', '.join(lora.models), 60)})" if lora.models else ""
    return f"- **{shown(lora.name, 40)}**{words}{models}"
