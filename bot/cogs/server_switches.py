"""/server nsfw, hints, log, pause and resume: what is on and off in the whole server."""

from typing import Literal

import discord
from discord import app_commands

from bot.cogs.saved import BOTH
from bot.cogs.server_group import ServerGroup, guild_of
from bot.errors import Refusal
from bot.interactions import permissions
from bot.interactions.respond import tell
from bot.locales import say
from bot.views import server_rules
from generation.sentences import Markup, Sentence
from storage.records import NsfwPolicy

POLICIES = {"off": Sentence("off"), "spoiler": Sentence("spoiler"), "block": Sentence("block")}


class ServerSwitches(ServerGroup):
    """The filter, hints, the log channel, and pauses."""

    @app_commands.command()
    async def nsfw(self, interaction: discord.Interaction, policy: Literal["off", "spoiler", "block"]) -> None:
        """Set the NSFW filter for channels that aren't age-restricted.

        Args:
            policy: Show flagged pictures, hide them behind a spoiler, or keep them in age-restricted channels
        """
        await self._rules.decide(guild_of(interaction), nsfw=NsfwPolicy(policy))
        self._audit_log.decided(
            interaction, Sentence("{person} set the NSFW policy: {policy}", policy=POLICIES[policy])
        )
        await self.saved(interaction, [server_rules.policy(NsfwPolicy(policy))])

    @app_commands.command()
    async def hints(self, interaction: discord.Interaction, on: bool) -> None:
        """Turn hints about unusual settings on or off; members get at most one a day.

        Args:
            on: True turns hints on, False turns them off
        """
        await self._rules.decide(guild_of(interaction), hints=on)
        self._audit_log.decided(
            interaction, Sentence("{person} turned hints on" if on else "{person} turned hints off")
        )
        await self.saved(interaction, [server_rules.hints(on)])

    @app_commands.command()
    async def log(
        self, interaction: discord.Interaction, channel: discord.TextChannel | None = None, remove: bool = False
    ) -> None:
        """Post every request and every rule change in a channel.

        Args:
            channel: Channel to post in; leave empty to see the current one
            remove: True turns the log off
        """
        guild_id = guild_of(interaction)
        current = await self._rules.log_channel_of(guild_id)
        if channel is None and not remove:
            await tell(interaction, server_rules.log_channel(current))
            return
        if channel and remove:
            raise Refusal(BOTH)
        if channel and (
            missing := permissions.missing(channel.permissions_for(channel.guild.me), permissions.speaking(channel))
        ):
            raise Refusal(
                "I can't post in {channel}. Give me these permissions there: {missing}.",
                channel=Markup(channel.mention),
                missing=missing,
            )
        await self._rules.log_to(guild_id, channel.id if channel else None)
        said = Sentence("{person} made this the log channel" if channel else "{person} turned the log off")
        if channel or current:
            self._audit_log.decided(interaction, said, None if channel else current)
        lines = [server_rules.log_channel(channel.id if channel else None)]
        if channel and channel.permissions_for(channel.guild.default_role).view_channel:
            lines.append(say("Every member can read this channel. It shows who asked for what."))
        await self.saved(interaction, lines)

    @app_commands.command()
    async def pause(self, interaction: discord.Interaction) -> None:
        """Stop taking requests until you resume; queued pictures are still drawn."""
        await self._rules.decide(guild_of(interaction), paused=True)
        self._audit_log.decided(interaction, Sentence("{person} paused drawing"))
        await tell(interaction, say("Paused."))

    @app_commands.command()
    async def resume(self, interaction: discord.Interaction) -> None:
        """Start taking requests again."""
        await self._rules.decide(guild_of(interaction), paused=False)
        self._audit_log.decided(interaction, Sentence("{person} resumed drawing"))
        await tell(interaction, say("Resumed."))
