"""Keeps channels and roles that no longer exist out of the rules of servers."""

import logging
from collections.abc import Collection

import aiohttp
import discord
from discord.ext import commands

from bot.delivery.audit_log import AuditLog
from generation.sentences import Sentence
from storage.server_rules import ServerRules

log = logging.getLogger(__name__)


class DeletedPlaces(commands.Cog):
    """Removes a channel, thread or role from the rules when it is deleted, at the next start, or when the bot is added
    to its server again."""

    def __init__(self, *, client: discord.Client, rules: ServerRules, audit_log: AuditLog) -> None:
        self._client = client
        self._rules = rules
        self._audit_log = audit_log

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self._deleted(role.guild.id, role.id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._deleted(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._deleted(payload.guild_id, payload.thread_id)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Compare the rules with the server, after each start and each outage."""
        await self._compare(guild)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Compare the rules with the server: the bot may have been there before, and missed what was deleted since."""
        await self._compare(guild)

    async def _compare(self, guild: discord.Guild) -> None:
        named = await self._rules.places(guild.id)
        unknown = [place for place in named if not (guild.get_role(place) or guild.get_channel_or_thread(place))]
        await self._drop(guild.id, [place for place in unknown if not await self._is_channel(place)])

    async def _is_channel(self, place: int) -> bool:
        """True unless Discord says that no channel has this id: archived threads and new kinds are in no cache."""
        try:
            await self._client.fetch_channel(place)
        except discord.NotFound:
            return False
        except (discord.HTTPException, discord.InvalidData, aiohttp.ClientError, OSError) as reason:
            log.info("channel %s cannot be looked up and stays in the rules: %s", place, reason)
        return True

    async def _deleted(self, guild_id: int, place: int) -> None:
        if place in await self._rules.places(guild_id):
            await self._drop(guild_id, [place])

    async def _drop(self, guild_id: int, places: Collection[int]) -> None:
        if not places:
            return
        await self._rules.forget_places(guild_id, places)
        log.info("deleted channels or roles are no longer in the rules of server %s: %s", guild_id, places)
        names = [str(place) for place in places]
        self._audit_log.note(
            guild_id, Sentence("Deleted channels or roles are no longer in the rules: {places}", places=names)
        )
