"""The command that /server and /settings share: what /imagine uses when nothing else is named."""

from collections.abc import Iterable

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.cogs.saved import say_saved
from bot.locales.plain import plain
from generation.catalogue import Catalogue
from generation.settings import PartialSettings
from storage.records import ANY_MODEL


class DefaultsCog(commands.GroupCog):
    """A command group with `defaults` among its commands. A subclass says whose defaults they are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> Iterable[str]:
        """Keep `changes` for a model, or for `ANY_MODEL`. Returns them in words."""
        raise NotImplementedError

    async def show_defaults(self, interaction: discord.Interaction, model: str | None) -> None:
        """Show the saved values, for a model where one is named."""
        raise NotImplementedError

    @app_commands.command()
    @app_commands.choices(sampler=option_types.SAMPLERS)
    async def defaults(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        negative: option_types.Negative | None = None,
        steps: option_types.Steps | None = None,
        guidance: option_types.Guidance | None = None,
        sampler: app_commands.Choice[str] | None = None,
        clip_skip: option_types.ClipSkip | None = None,
        width: option_types.Side | None = None,
        height: option_types.Side | None = None,
        count: option_types.Count | None = None,
    ) -> None:
        """Set default values for /imagine, or show them.

        Args:
            model: Model that the values are for; leave empty for all models
            negative: Negative prompt: what pictures should not show
            steps: Steps
            guidance: Guidance scale
            sampler: Sampler
            clip_skip: Clip skip
            width: In pixels, a multiple of 8
            height: In pixels, a multiple of 8
            count: How many pictures
        """
        changes = option_types.chosen(
            negative=negative,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            clip_skip=clip_skip,
            width=width,
            height=height,
            count=count,
        )
        name = self._catalogue.get(model).name if model else None
        if not changes.given():
            await self.show_defaults(interaction, name)
            return
        await say_saved(interaction, await self.prefer(interaction, name or ANY_MODEL, changes), [name and plain(name)])

    @defaults.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)
