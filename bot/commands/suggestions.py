"""Suggestions for the options of commands that draw from words."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands import options
from bot.wording import Wording
from generation.catalogue import Catalogue
from storage.people import People


class Suggestions(commands.Cog):
    """A cog whose options know recent prompts, shapes, models and styles."""

    def __init__(self, *, wording: Wording, people: People, catalogue: Catalogue) -> None:
        self._wording = wording
        self._people = people
        self._catalogue = catalogue

    async def suggest_prompts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.choices(await self._wording.recent(interaction.user.id, typed))

    async def suggest_aspects(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.choices((shape, shape) for shape in options.SHAPES if typed in shape)

    async def suggest_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    async def suggest_styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_styles(await self._people.styles(interaction.user.id), typed)
