"""Writes Discord's JSON objects: users, members, channels, threads, roles and the guild."""

from playground.errors import Json
from playground.state.store import iso_timestamp, snowflake_time
from playground.state.world import (
    ADMIN_ID,
    ARTISTS_ROLE_ID,
    BOT_ID,
    BOT_ROLE_ID,
    GUILD_ID,
    GUILD_NAME,
    MEMBER_PERMISSIONS,
    Channel,
    Permission,
    User,
    World,
)


def user_object(user: User) -> Json:
    """Write a user object."""
    document: Json = {
        "id": str(user.id),
        "username": user.username,
        "global_name": None if user.bot else user.username,
        "discriminator": "4242" if user.bot else "0",
        "avatar": None,
        "public_flags": 0,
    }
    return document | {"bot": True} if user.bot else document


def member_object(user: User) -> Json:
    """Write the guild member object of a user."""
    return {
        "user": user_object(user),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in user.roles],
        "joined_at": iso_timestamp(snowflake_time(GUILD_ID)),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def channel_object(world: World, channel: Channel) -> Json:
    """Write a channel object. The bot's permissions are a permission overwrite of its own member."""
    if channel.recipient_id is not None:
        recipient = world.users[channel.recipient_id]
        return {
            "id": str(channel.id),
            "type": channel.type,
            "last_message_id": None,
            "flags": 0,
            "recipients": [user_object(recipient)],
        }
    if channel.people:
        recipients = [user_object(world.users[id]) for id in channel.people]
        return {
            "id": str(channel.id),
            "type": channel.type,
            "name": channel.name,
            "icon": None,
            "owner_id": recipients[0]["id"],
            "last_message_id": None,
            "flags": 0,
            "recipients": recipients,
        }
    if channel.parent_id is not None:
        return _thread_object(world, channel)
    overwrites = []
    if channel.id in world.bot_permissions:
        granted = world.bot_permissions[channel.id]
        allow, deny = granted & ~MEMBER_PERMISSIONS, MEMBER_PERMISSIONS & ~granted
        overwrites = [{"id": str(BOT_ID), "type": 1, "allow": str(allow), "deny": str(deny)}]
    for user_id in sorted(world.hidden.get(channel.id, ())):
        deny = int(Permission.VIEW_CHANNEL)
        overwrites.append({"id": str(user_id), "type": 1, "allow": "0", "deny": str(deny)})
    return {
        "id": str(channel.id),
        "type": channel.type,
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "position": [*world.channels, channel.id].index(channel.id),
        "parent_id": None,
        "topic": None,
        "nsfw": channel.nsfw,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "permission_overwrites": overwrites,
        "flags": 0,
    }


def _thread_object(world: World, channel: Channel) -> Json:
    return {
        "id": str(channel.id),
        "type": channel.type,
        "guild_id": str(channel.guild_id),
        "parent_id": str(channel.parent_id),
        "owner_id": str(ADMIN_ID),
        "name": channel.name,
        "last_message_id": None,
        "rate_limit_per_user": 0,
        "message_count": 0,
        "total_message_sent": 0,
        "member_count": len(world.users),
        "flags": 0,
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": 10080,
            "archive_timestamp": iso_timestamp(snowflake_time(GUILD_ID)),
            "locked": channel.locked,
            "create_timestamp": iso_timestamp(snowflake_time(GUILD_ID)),
        },
    }


def role_object(world: World, id: int) -> Json:
    """Write a role object."""
    role: Json = {
        "id": str(id),
        "name": world.roles[id],
        "permissions": str(MEMBER_PERMISSIONS),
        "position": list(world.roles).index(id),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": id == BOT_ROLE_ID,
        "mentionable": id == ARTISTS_ROLE_ID,
        "flags": 0,
    }
    return role | {"tags": {"bot_id": str(BOT_ID)}} if id == BOT_ROLE_ID else role


def guild_object(world: World) -> Json:
    """Write the guild object, without the fields that only GUILD_CREATE has."""
    return {
        "id": str(GUILD_ID),
        "name": GUILD_NAME,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(ADMIN_ID),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role_object(world, id) for id in world.roles],
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
        "max_members": 500000,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
    }


def guild_create_object(world: World) -> Json:
    """Write the data of GUILD_CREATE: the guild with its members, channels and threads."""
    channels = world.guild_channels()
    return guild_object(world) | {
        "joined_at": iso_timestamp(snowflake_time(GUILD_ID)),
        "large": False,
        "unavailable": False,
        "member_count": len(world.users),
        "members": [member_object(user) for user in world.users.values()],
        "channels": [channel_object(world, channel) for channel in channels if channel.parent_id is None],
        "threads": [channel_object(world, channel) for channel in channels if channel.parent_id is not None],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
