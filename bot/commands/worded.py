"""What commands that draw from words have in common: how prompts are read, and what is suggested."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.asking import asker_of
from bot.commands import options
from bot.consent import Consent
from bot.intake import Intake
from bot.wording import Wording
from generation.catalogue import Catalogue
from storage.people import People


class Worded(commands.Cog):
    """A cog whose options know recent prompts, LoRAs, shapes, models and styles."""

    def __init__(
        self, *, consent: Consent, intake: Intake, wording: Wording, people: People, catalogue: Catalogue
    ) -> None:
        self._consent = consent
        self._intake = intake
        self._wording = wording
        self._people = people
        self._catalogue = catalogue

    async def prompts(self, user_id: int, typed: str, style: str | None, aspect: str | None) -> list[str]:
        """The prompts that `typed` stands for, in a style and of a shape where they are given. Raises `UserError`."""
        prompts = await self._wording.prompts(user_id, typed, style)
        return [f"{each} --ar {aspect}" for each in prompts] if aspect else prompts

    async def suggest_prompts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        named = interaction.namespace.model
        model = named if named in self._catalogue.names else await self._intake.usual_model(asker_of(interaction))
        if loras := self._catalogue.loras.completions(typed, model):
            return options.choices(self._wording.suggestion(interaction.user.id, text) for _, text in loras)
        return options.choices(await self._wording.recent(interaction.user.id, typed))

    async def suggest_aspects(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.choices((shape, shape) for shape in options.SHAPES if typed in shape)

    async def suggest_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    async def suggest_styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_styles(await self._people.styles(interaction.user.id), typed)
