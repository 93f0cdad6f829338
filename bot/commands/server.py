"""/server: what the admins of a server decide."""

import discord
from discord import app_commands

from bot.commands import options
from bot.commands.defaults import DefaultsCog
from bot.commands.overview import defaults_lines, limits_line
from bot.intake import Intake, Refusal
from generation.catalogue import Catalogue
from generation.settings import WAITING, Limits, PartialSettings
from storage.preferences import Preferences

Waiting = app_commands.Range[int, WAITING.low, WAITING.high]


class NeedsManageServer(Refusal, app_commands.CheckFailure):
    """A refusal from a check: discord.py passes on nothing else from there."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Server(DefaultsCog, group_name="server", group_description="Defaults and limits of this server"):
    """Hidden from whoever cannot manage the server, and refused to them too: Discord lets admins unhide commands."""

    def __init__(self, *, preferences: Preferences, intake: Intake, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._preferences = preferences
        self._intake = intake

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            raise NeedsManageServer("Only people with the permission Manage Server can do that.")
        return True

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> None:
        await self._preferences.prefer_for_server(_guild(interaction), model, changes)

    async def answer(self, interaction: discord.Interaction, first: str = "") -> None:
        defaults = await self._preferences.of_server(_guild(interaction))
        limits = await self._intake.limits(_guild(interaction))
        text = "\n".join([f"{first}On this server:", *defaults_lines(defaults), limits_line(limits)])
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command()
    async def limits(
        self,
        interaction: discord.Interaction,
        steps: options.Steps | None = None,
        side: options.Side | None = None,
        count: options.Count | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        """Set how much a member may ask for here.

        Args:
            steps: The most steps
            side: The most pixels a picture may be wide or high
            count: The most pictures at once
            waiting: The most unfinished requests of one member
        """
        await self._preferences.limit(_guild(interaction), Limits(steps, side, count, waiting))
        await self.answer(interaction, "Saved. ")

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Go back to the host's defaults and limits."""
        await self._preferences.forget_server(_guild(interaction))
        await self.answer(interaction, "Back to the host's values. ")


def _guild(interaction: discord.Interaction) -> int:
    """The server, which the group's check has made sure of."""
    assert interaction.guild_id is not None
    return interaction.guild_id
