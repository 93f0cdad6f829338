"""Where somebody asks for a picture without an interaction, and whether that is allowed there."""

import discord

from bot.errors import Refusal
from bot.interactions import permissions
from bot.interactions.begin_request import check_may_post
from generation.sentences import Sentence

Place = discord.abc.GuildChannel | discord.Thread


def place_of(client: discord.Client, guild_id: int | None, channel_id: int) -> Place | None:
    """A channel or a thread of a server; None elsewhere, and where the bot doesn't know it."""
    guild = client.get_guild(guild_id) if guild_id else None
    return guild.get_channel_or_thread(channel_id) if guild else None


def with_permissions(place: Place | None) -> Place | None:
    """The place, if its permissions can be told: those of a thread are its channel's."""
    return None if isinstance(place, discord.Thread) and place.parent is None else place


def check_may_draw(place: Place | None, member: discord.Member | None) -> None:
    """Raise `Refusal` unless both the bot and a member may post a picture in a place, as a reply."""
    channel = with_permissions(place)
    if channel is None:
        return
    where = Sentence("in #{channel}", channel=channel.name)
    check_may_post(channel.permissions_for(channel.guild.me), channel, where, reply=True)
    theirs = channel.permissions_for(member) if member else None
    if theirs and (permissions.missing(theirs, permissions.speaking(channel)) or not theirs.use_application_commands):
        raise Refusal("You aren't allowed to draw in #{channel}.", channel=channel.name)
