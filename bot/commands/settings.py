"""/settings: what a person prefers."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands import options
from bot.commands.overview import defaults_lines
from generation.catalogue import Catalogue
from storage.preferences import Preferences
from storage.records import ANY_MODEL


class Settings(commands.GroupCog, group_name="settings", group_description="Your own defaults for /imagine"):
    """Own defaults, which weigh more than the server's."""

    def __init__(self, *, preferences: Preferences, catalogue: Catalogue) -> None:
        self._preferences = preferences
        self._catalogue = catalogue

    @app_commands.command(name="set")
    @app_commands.choices(sampler=options.SAMPLERS)
    async def change(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        negative: options.Negative | None = None,
        steps: options.Steps | None = None,
        guidance: options.Guidance | None = None,
        sampler: app_commands.Choice[str] | None = None,
        clip_skip: options.ClipSkip | None = None,
        width: options.Side | None = None,
        height: options.Side | None = None,
        count: options.Count | None = None,
    ) -> None:
        """Set what /imagine uses for you when you name nothing else.

        Args:
            model: For which model; for all of them if left out
            negative: What your pictures should not show
            steps: Steps
            guidance: Guidance scale
            sampler: Sampler
            clip_skip: Clip skip
            width: In pixels, a multiple of 8
            height: In pixels, a multiple of 8
            count: How many pictures
        """
        changes = options.chosen(
            negative=negative,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            clip_skip=clip_skip,
            width=width,
            height=height,
            count=count,
        )
        named = self._catalogue.get(model).name if model else ANY_MODEL
        await self._preferences.prefer_for_user(interaction.user.id, named, changes)
        await self._show(interaction, "Saved. ")

    @change.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show your defaults."""
        await self._show(interaction)

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Forget your defaults."""
        await self._preferences.forget_user(interaction.user.id)
        await self._show(interaction, "Forgotten. ")

    async def _show(self, interaction: discord.Interaction, first: str = "") -> None:
        defaults = await self._preferences.of_user(interaction.user.id)
        await interaction.response.send_message(
            "\n".join([f"{first}For you:", *defaults_lines(defaults)]), ephemeral=True
        )
