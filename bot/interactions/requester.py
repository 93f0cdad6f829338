"""From a Discord interaction to the person who asks."""

import discord

from bot.policy.requester import Requester


def requester_of(interaction: discord.Interaction) -> Requester:
    return requester_in(interaction.user, interaction.guild_id, interaction.channel)


def requester_in(person: discord.abc.Snowflake, guild_id: int | None, channel: object) -> Requester:
    """A person in a channel, or in a thread of one; the thread's channel may be unknown to the bot."""
    places = [channel.id] if isinstance(channel, discord.abc.Snowflake) else []
    if isinstance(channel, discord.Thread):
        places.append(channel.parent_id)
    roles = person.roles if isinstance(person, discord.Member) else []
    return Requester(
        person.id,
        guild_id,
        channel_ids=tuple(places),
        role_ids=tuple(role.id for role in reversed(roles) if role.id != guild_id),
        age_restricted=is_age_restricted(channel),
    )


def is_age_restricted(channel: object) -> bool:
    """True for an age-restricted channel, and for a thread of one."""
    places = (channel, channel.parent if isinstance(channel, discord.Thread) else None)
    return any(getattr(place, "nsfw", False) is True for place in places)
