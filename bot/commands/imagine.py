"""/imagine"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.asking import asker_of, begin
from bot.commands import options
from bot.intake import Intake
from generation.catalogue import Catalogue


class Imagine(commands.Cog):
    """Pictures from words."""

    def __init__(self, *, intake: Intake, catalogue: Catalogue) -> None:
        self._intake = intake
        self._catalogue = catalogue

    @app_commands.command()
    @app_commands.choices(sampler=options.SAMPLERS)
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: options.Prompt,
        negative: options.Negative | None = None,
        steps: options.Steps | None = None,
        guidance: options.Guidance | None = None,
        seed: options.Seed | None = None,
        sampler: app_commands.Choice[str] | None = None,
        clip_skip: options.ClipSkip | None = None,
        width: options.Side | None = None,
        height: options.Side | None = None,
        count: options.Count | None = None,
        model: str | None = None,
        private: bool = False,
    ) -> None:
        """Draw a picture from words.

        Args:
            prompt: What you would like to see
            negative: What you would not like to see
            steps: How often the picture is refined; 20 to 30 is plenty
            guidance: How closely the prompt is followed: 1 wanders, 5 to 8 obeys, 20 burns
            seed: Where the noise starts from; the same seed and settings draw the same picture again
            sampler: The rule for taking a step
            clip_skip: Which layer of the text encoder listens, from the end: 1 is the last
            width: In pixels, a multiple of 8
            height: In pixels, a multiple of 8
            count: How many pictures, with seeds in a row
            model: Which model draws
            private: Only you see it
        """
        chosen = options.chosen(
            model=model,
            negative=negative,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            clip_skip=clip_skip,
            width=width,
            height=height,
            count=count,
        )
        plan = await self._intake.imagine(asker_of(interaction), prompt, seed, chosen)
        await begin(interaction, self._intake, plan, private=private)

    @imagine.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)
