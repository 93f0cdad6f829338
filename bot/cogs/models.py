"""/models"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.views.text import fitting, shown
from generation import abilities
from generation.catalogue import Catalogue, ModelSpec
from generation.loras import LoraSpec

MOST = 25
"""The most models, and the most LoRAs, in the list."""


class Models(commands.Cog):
    """Lists models and LoRAs."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @app_commands.command()
    async def models(self, interaction: discord.Interaction) -> None:
        """Show the models and LoRAs, and the best settings of each model."""
        lines = _first([self._model_line(model) for model in self._catalogue])
        if loras := _first([_line(lora) for lora in self._catalogue.loras]):
            lines += [say("LoRAs change what a model draws. Put `<lora:name:0.8>` into the prompt."), *loras]
        if words := [shown(each.name, 40) for each in self._catalogue.embeddings][:MOST]:
            lines.append(say("Embeddings, to use as words in prompts and negative prompts: {words}.", words=words))
        text = fitting([say("Choose one with `/imagine model:` or `--model`."), *lines], MESSAGE_LENGTH)
        await tell(interaction, text)

    def _model_line(self, model: ModelSpec) -> str:
        default = f" ({say('default')})" if model is self._catalogue.default else ""
        values = say(
            "{size}, {steps} steps, guidance {guidance:g}",
            size=f"{model.width}×{model.height}",
            steps=model.steps,
            guidance=model.guidance_scale,
        )
        able = abilities.of(model)
        takes = "" if able.hires else f"; {say('takes {what}', what=abilities.offered(able) or '–')}"
        return f"- **{shown(model.name, 40)}**{default}: {values}{takes}"


def _first(lines: list[str]) -> list[str]:
    """The first lines, and one that says how many are left out."""
    left = len(lines) - MOST
    return [*lines[:MOST], f"-# {say('and {n} more', n=left)}"] if left > 0 else lines


def _line(lora: LoraSpec) -> str:
    words = f": {shown(lora.words, 60)}" if lora.words else ""
    models = f" ({say('for {models}', models=shown(', '.join(lora.models), 60))})" if lora.models else ""
    return f"- **{shown(lora.name, 40)}**{words}{models}"
