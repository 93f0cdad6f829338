"""/server: the rules of a server, for its admins."""

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.server_allowed import ServerAllowed
from bot.cogs.server_gallery import ServerGallery
from bot.cogs.server_group import Channel
from bot.cogs.server_limits import ServerLimits
from bot.cogs.server_loras import ServerLoras
from bot.cogs.server_members import ServerMembers
from bot.cogs.server_pictures import ServerPictures
from bot.cogs.server_prompts import ServerPrompts
from bot.cogs.server_reset import ServerReset
from bot.cogs.server_switches import ServerSwitches
from bot.cogs.server_words import ServerWords
from bot.interactions.requester import requester_in, requester_of
from bot.interactions.respond import answer
from bot.views.server_rules import defaults, rules


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Server(
    ServerLimits,
    ServerAllowed,
    ServerSwitches,
    ServerGallery,
    ServerWords,
    ServerPrompts,
    ServerPictures,
    ServerMembers,
    ServerLoras,
    ServerReset,
    group_name="server",
    group_description="Defaults, limits and rules of this server",
):
    """The rules of a server.

    Discord hides the group from members who cannot manage the server; they are refused too, for admins can unhide
    commands.
    """

    async def show_defaults(self, interaction: discord.Interaction, model: str | None) -> None:
        context = await self._contexts.load(requester_of(interaction))
        name = model or context.model_of_place.value
        await answer(interaction, defaults(context.effective(name), name))

    @app_commands.command()
    async def show(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        channel: Channel | None = None,
        model: str | None = None,
    ) -> None:
        """Show the rules that apply here and where they come from.

        Args:
            member: Member to look up; leave empty for yourself
            channel: Channel to look up; leave empty for this one
            model: Model to look up; leave empty for the default
        """
        await self._show_rules(interaction, member, channel, model)

    @show.autocomplete("model")
    async def _shown_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    async def _show_rules(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        channel: Channel | None = None,
        model: str | None = None,
    ) -> None:
        requester = requester_in(member or interaction.user, interaction.guild_id, channel or interaction.channel)
        context = await self._contexts.load(requester)
        name = model or context.model_of_place.value
        page, *more = rules(context, context.effective(name), name)
        await answer(interaction, page)
        for page in more:
            page.view.stop()
            await interaction.followup.send(view=page.view, ephemeral=True)
