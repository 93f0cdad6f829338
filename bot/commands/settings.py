"""/settings: what a person prefers."""

import discord
from discord import app_commands

from bot.commands.defaults import DefaultsCog
from bot.commands.overview import defaults_lines
from generation.catalogue import Catalogue
from generation.settings import PartialSettings
from storage.preferences import Preferences


class Settings(DefaultsCog, group_name="settings", group_description="Your own defaults for /imagine"):
    """Own defaults, which weigh more than the server's."""

    def __init__(self, *, preferences: Preferences, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._preferences = preferences

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> None:
        await self._preferences.prefer_for_user(interaction.user.id, model, changes)

    async def answer(self, interaction: discord.Interaction, first: str = "") -> None:
        defaults = await self._preferences.of_user(interaction.user.id)
        text = "\n".join([f"{first}For you:", *defaults_lines(defaults)])
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show your defaults."""
        await self.answer(interaction)

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Forget your defaults."""
        await self._preferences.forget_user(interaction.user.id)
        await self.answer(interaction, "Forgotten. ")
