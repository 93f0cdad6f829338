"""What commands that draw from words have in common: how prompts are read, and what is suggested."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import options
from bot.interactions.confirmation import Confirmation
from bot.interactions.requester import requester_of
from bot.prompts.flags import ASPECTS
from bot.prompts.presets import Presets
from bot.requests.planner import Planner
from generation.catalogue import Catalogue
from storage.people import People


class PromptCog(commands.Cog):
    """A cog whose options know recent prompts, LoRAs, shapes, models and styles."""

    def __init__(
        self, *, confirmation: Confirmation, planner: Planner, presets: Presets, people: People, catalogue: Catalogue
    ) -> None:
        self._confirmation = confirmation
        self._planner = planner
        self._presets = presets
        self._people = people
        self._catalogue = catalogue

    async def prompts(self, user_id: int, typed: str, style: str | None, aspect: str | None) -> list[str]:
        """The prompts that `typed` stands for, in a style and of a shape where they are given. Raises `UserError`."""
        prompts = await self._presets.prompts(user_id, typed, style)
        return [f"{each} --ar {aspect}" for each in prompts] if aspect else prompts

    async def suggest_prompts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        named = interaction.namespace.model
        model = named if named in self._catalogue.names else await self._planner.usual_model(requester_of(interaction))
        if loras := self._catalogue.loras.completions(typed, model):
            return options.choices(self._presets.suggestion(interaction.user.id, text) for _, text in loras)
        return options.choices(await self._presets.recent(interaction.user.id, typed))

    async def suggest_aspects(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.choices((shape, shape) for shape in ASPECTS if typed in shape)

    async def suggest_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    async def suggest_styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_styles(await self._people.styles(interaction.user.id), typed)
