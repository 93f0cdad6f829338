"""/server: what the admins of a server decide."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands import options
from bot.commands.overview import defaults_lines, limits_line
from bot.intake import Intake, Refusal
from generation.catalogue import Catalogue
from generation.settings import Limits
from storage.preferences import Preferences
from storage.records import ANY_MODEL


class NeedsManageServer(Refusal, app_commands.CheckFailure):
    """A refusal from a check: discord.py passes on nothing else from there."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Server(commands.GroupCog, group_name="server", group_description="Defaults and limits of this server"):
    """Hidden from whoever cannot manage the server, and refused to them too: Discord lets admins unhide commands."""

    def __init__(self, *, preferences: Preferences, intake: Intake, catalogue: Catalogue) -> None:
        self._preferences = preferences
        self._intake = intake
        self._catalogue = catalogue

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            raise NeedsManageServer("Only people with the permission Manage Server can do that.")
        return True

    @app_commands.command()
    @app_commands.choices(sampler=options.SAMPLERS)
    async def defaults(
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
        """Set what /imagine uses here when a member names nothing else.

        Args:
            model: For which model; for all of them if left out
            negative: What pictures here should not show
            steps: Steps
            guidance: Guidance scale
            sampler: Sampler
            clip_skip: Clip skip
            width: In pixels, a multiple of 8
            height: In pixels, a multiple of 8
            count: How many pictures
        """
        assert interaction.guild_id is not None
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
        await self._preferences.prefer_for_server(interaction.guild_id, named, changes)
        await self._show(interaction, "Saved. ")

    @defaults.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    @app_commands.command()
    async def limits(
        self,
        interaction: discord.Interaction,
        steps: options.Steps | None = None,
        side: options.Side | None = None,
        count: options.Count | None = None,
        waiting: app_commands.Range[int, 1, 100] | None = None,
    ) -> None:
        """Set how much a member may ask for here.

        Args:
            steps: The most steps
            side: The most pixels a picture may be wide or high
            count: The most pictures at once
            waiting: The most unfinished requests of one member
        """
        assert interaction.guild_id is not None
        await self._preferences.limit(interaction.guild_id, Limits(steps, side, count, waiting))
        await self._show(interaction, "Saved. ")

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show the defaults and limits of this server."""
        await self._show(interaction)

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Go back to the host's defaults and limits."""
        assert interaction.guild_id is not None
        await self._preferences.forget_server(interaction.guild_id)
        await self._show(interaction, "Back to the host's values. ")

    async def _show(self, interaction: discord.Interaction, first: str = "") -> None:
        assert interaction.guild_id is not None
        defaults = await self._preferences.of_server(interaction.guild_id)
        limits = await self._intake.limits(interaction.guild_id)
        text = "\n".join([f"{first}On this server:", *defaults_lines(defaults), limits_line(limits)])
        await interaction.response.send_message(text, ephemeral=True)
