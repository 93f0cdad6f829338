"""/models"""

import sys

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.views.text import fitting, shown
from bot.views.toy import about
from generation import abilities, control_networks, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.controls import ANY, ControlKind
from generation.loras import LoraSpec

MOST = 25
"""The most models, and the most LoRAs, in the message."""

FILE = "models.md"
"""The file of all of them, where the message does not hold them."""

NAME = 40
"""Characters of a name in the message; the file has it whole."""


class Models(commands.Cog):
    """Lists models and LoRAs."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @app_commands.command()
    async def models(self, interaction: discord.Interaction) -> None:
        """Show the models and LoRAs, and the best settings of each model."""
        everything = "\n".join(self._lines(sys.maxsize, sys.maxsize))
        text = fitting(self._lines(MOST, NAME), MESSAGE_LENGTH)
        await tell(interaction, text, {} if text == everything else {FILE: everything.encode()})

    def _lines(self, most: int, name: int) -> list[str]:
        """At most so many models, LoRAs and embeddings, and so many characters of a name."""
        lines = [say("Choose one with `/imagine model:` or `--model`.")]
        if self._catalogue.has_only_toys:
            lines[0] += f" {about(self._catalogue.default.name)}"
        lines += _first([self._model_line(model, name) for model in self._catalogue], most)
        if loras := _first([_line(lora, name) for lora in self._catalogue.loras], most):
            lines += [say("LoRAs change what a model draws. Put `<lora:name:0.8>` into the prompt."), *loras]
        if words := [shown(each.name, name) for each in self._catalogue.embeddings][:most]:
            lines.append(say("Embeddings, to use as words in prompts and negative prompts: {words}.", words=words))
        return lines

    def _model_line(self, model: ModelSpec, name: int) -> str:
        default = f" ({say('default')})" if model is self._catalogue.default else ""
        used = suitability.fitted(model.preferred, model)
        values = say(
            "{size}, {steps} steps, guidance {guidance:g}",
            size=f"{used.width}×{used.height}",
            steps=used.steps,
            guidance=used.guidance_scale,
        )
        able = abilities.of(model)
        named = {kind: source for kind, source in model.control_networks.items() if kind != ANY}
        kinds = [kind for kind in control_networks.followed(named) if kind is not ControlKind.AS_IS]
        what = [*([] if able.hires else abilities.offered(able)), *abilities.guided(able, kinds)]
        takes = f"; {say('takes {what}', what=what or '–')}" if what or not able.hires else ""
        is_odd = model.is_toy and not self._catalogue.has_only_toys
        toy = f"; {say('a teaching toy that knows emoji-like things')}" if is_odd else ""
        licence = f"; {say('licence: {licence}', licence=shown(model.licence, name))}" if model.licence else ""
        return f"- **{shown(model.name, name)}**{default}: {values}{takes}{toy}{licence}"


def _first(lines: list[str], most: int) -> list[str]:
    """The first lines, and one that says how many are left out."""
    left = len(lines) - most
    return [*lines[:most], f"-# {say('and {n} more', n=left)}"] if left > 0 else lines


def _line(lora: LoraSpec, name: int) -> str:
    words = f": {shown(lora.words, name + 20)}" if lora.words else ""
    models = f" ({say('for {models}', models=shown(', '.join(lora.models), name + 20))})" if lora.models else ""
    return f"- **{shown(lora.name, name)}**{words}{models}"
