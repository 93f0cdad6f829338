"""Who and what exists: users, roles, one guild, its channels, DM channels, and what each user may do where."""

from dataclasses import dataclass
from enum import IntFlag

from playground.errors import ApiError, Json
from playground.state.snowflakes import Snowflakes, created_at, iso_timestamp
from playground.state.store import Store
from playground.validation.upload_limits import FILE_LIMIT


class Permission(IntFlag):
    """Permission bits that the stand-in looks at."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL_PERMISSIONS = (1 << 53) - 1
MEMBER_PERMISSIONS = int(
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)

GUILD_ID = 1180000000000000000
BOT_ID = 1180000000000000001
ADMIN_ID = 1180000000000000002
MEMBER_ONE_ID = 1180000000000000003
MEMBER_TWO_ID = 1180000000000000004
BOT_ROLE_ID = 1180000000000000011
ARTISTS_ROLE_ID = 1180000000000000012
GENERAL_ID = 1180000000000000021
ART_ID = 1180000000000000022
NSFW_ART_ID = 1180000000000000023
SKETCHES_ID = 1180000000000000024
ELSEWHERE_ID = 1180000000000000025
FRIENDS_ID = 1180000000000000026
OTHER_GUILD_ID = 1180000000000000030

GUILD_NAME = "Noisefox playground"


@dataclass(frozen=True)
class User:
    """A user; `color` is what the chat page draws the name in, "#rrggbb"."""

    id: int
    username: str
    color: str
    admin: bool = False
    bot: bool = False
    roles: tuple[int, ...] = ()

    def to_json(self) -> Json:
        """Discord's user object."""
        user: Json = {
            "id": str(self.id),
            "username": self.username,
            "global_name": None if self.bot else self.username,
            "discriminator": "4242" if self.bot else "0",
            "avatar": None,
            "public_flags": 0,
        }
        return user | {"bot": True} if self.bot else user


@dataclass(frozen=True)
class Channel:
    """A text channel of the guild; a thread of one where it has a parent, which may be locked, and is private where
    only some are invited; a DM channel with the bot where it has a recipient. Where the bot is no member there is a
    channel of another guild, and a group of people."""

    id: int
    name: str
    nsfw: bool = False
    recipient_id: int | None = None
    parent_id: int | None = None
    is_outside: bool = False
    people: tuple[int, ...] = ()
    invited: tuple[int, ...] = ()
    locked: bool = False

    @property
    def is_dm(self) -> bool:
        return self.recipient_id is not None

    @property
    def guild_id(self) -> int | None:
        """The guild's id, None for a DM and for a group."""
        if self.is_dm or self.people:
            return None
        return OTHER_GUILD_ID if self.is_outside else GUILD_ID

    @property
    def type(self) -> int:
        """Discord's number for its kind."""
        if self.is_dm:
            return 1
        if self.parent_id:
            return 12 if self.invited else 11
        return 3 if self.people else 0


class World:
    """The users, channels and permissions. `bot_permissions` and `closed_dms` may be changed while it runs."""

    def __init__(self, store: Store, snowflakes: Snowflakes) -> None:
        self._store = store
        self._snowflakes = snowflakes
        everyone = (
            User(BOT_ID, "Noisefox", "#e8743b", bot=True, roles=(BOT_ROLE_ID,)),
            User(ADMIN_ID, "admin", "#c0392b", admin=True),
            User(MEMBER_ONE_ID, "member one", "#2e86c1", roles=(ARTISTS_ROLE_ID,)),
            User(MEMBER_TWO_ID, "member two", "#27ae60"),
        )
        self.users = {user.id: user for user in everyone}
        self.bot = self.users[BOT_ID]
        self.roles = {GUILD_ID: "@everyone", BOT_ROLE_ID: "Noisefox", ARTISTS_ROLE_ID: "artists"}
        channels = (
            Channel(GENERAL_ID, "general"),
            Channel(ART_ID, "art"),
            Channel(SKETCHES_ID, "sketches", parent_id=ART_ID),
            Channel(NSFW_ART_ID, "nsfw-art", nsfw=True),
            Channel(ELSEWHERE_ID, "elsewhere", is_outside=True),
            Channel(FRIENDS_ID, "friends", is_outside=True, people=(MEMBER_ONE_ID, MEMBER_TWO_ID)),
        )
        self.channels = {channel.id: channel for channel in channels}
        self.file_limit = FILE_LIMIT
        """Bytes that a file of the bot's may have."""
        self.bot_permissions: dict[int, int] = {}
        """Permission bits of the app by channel id; a channel that is not in it gives MEMBER_PERMISSIONS."""
        self.hidden: dict[int, set[int]] = {}
        """By channel id, the ids of people who do not see it, nor its threads."""
        self.closed_dms: set[int] = set()
        """Ids of users who take no DMs from the app (50007)."""
        for id, document in store.all("dm").items():
            self._add_dm(id, document["recipient_id"])

    def _add_dm(self, id: int, recipient_id: int) -> Channel:
        channel = Channel(id, self.users[recipient_id].username, recipient_id=recipient_id)
        self.channels[id] = channel
        return channel

    def people(self) -> list[User]:
        """The users who are not the bot."""
        return [user for user in self.users.values() if not user.bot]

    def user(self, id: int) -> User:
        """The user with this id; ApiError 10013."""
        if id not in self.users:
            raise ApiError(404, 10013)
        return self.users[id]

    def channel(self, id: int) -> Channel:
        """The channel with this id; ApiError 10003."""
        if id not in self.channels:
            raise ApiError(404, 10003)
        return self.channels[id]

    def dm(self, recipient_id: int) -> tuple[Channel, bool]:
        """The DM channel between the bot and a user, and whether it was made just now."""
        for channel in self.channels.values():
            if channel.recipient_id == recipient_id:
                return channel, False
        if self.user(recipient_id).bot:
            raise ApiError(400, 50007)
        id = self._snowflakes.next()
        self._store.put("dm", id, {"recipient_id": recipient_id})
        return self._add_dm(id, recipient_id), True

    def open_thread(self, name: str, parent_id: int, invited: tuple[int, ...]) -> Channel:
        """A new private thread of a channel."""
        id = self._snowflakes.next()
        self.channels[id] = Channel(id, name, parent_id=parent_id, invited=invited)
        return self.channels[id]

    def visible_channels(self, user_id: int) -> list[Channel]:
        """Channels a person sees: the guilds', the groups one is in, then the own DM."""
        return [channel for channel in self.channels.values() if user_id in self.audience(channel)]

    def audience(self, channel: Channel) -> set[int]:
        """Ids of the people who see a channel."""
        if channel.recipient_id is not None:
            return {channel.recipient_id}
        viewers = set(channel.people) or {user.id for user in self.people()}
        if channel.invited:
            viewers &= {*channel.invited, *(user.id for user in self.people() if user.admin)}
        return viewers - self.hidden.get(channel.parent_id or channel.id, set())

    def guild_channels(self) -> list[Channel]:
        """The channels of the bot's guild, threads included."""
        return [channel for channel in self.channels.values() if channel.guild_id == GUILD_ID]

    def permissions(self, user: User, channel: Channel) -> int:
        """Permission bits of a user in a channel."""
        if user.bot:
            return self.bot_permissions.get(channel.id, MEMBER_PERMISSIONS)
        return ALL_PERMISSIONS if user.admin and channel.guild_id is not None else MEMBER_PERMISSIONS

    def require(self, channel: Channel, *needed: Permission) -> None:
        """Raises 50001 where the bot does not see a channel, 50013 where it lacks one of `needed`, 160005 where it
        would speak in a locked thread."""
        if channel.is_outside:
            raise ApiError(403, 50001)
        held = self.permissions(self.bot, channel)
        if held & Permission.ADMINISTRATOR:
            return
        if not held & Permission.VIEW_CHANNEL:
            raise ApiError(403, 50001)
        if any(not held & permission for permission in needed):
            raise ApiError(403, 50013)
        if channel.locked and Permission.SEND_MESSAGES_IN_THREADS in needed and not held & Permission.MANAGE_THREADS:
            raise ApiError(400, 160005)

    def member_json(self, user: User) -> Json:
        """Discord's guild member object."""
        return {
            "user": user.to_json(),
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [str(role) for role in user.roles],
            "joined_at": iso_timestamp(created_at(GUILD_ID)),
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }

    def channel_json(self, channel: Channel) -> Json:
        """Discord's channel object; the app's permissions appear as an overwrite of its own member."""
        if channel.recipient_id is not None:
            recipient = self.users[channel.recipient_id]
            return {
                "id": str(channel.id),
                "type": 1,
                "last_message_id": None,
                "flags": 0,
                "recipients": [recipient.to_json()],
            }
        if channel.people:
            recipients = [self.users[id].to_json() for id in channel.people]
            return {
                "id": str(channel.id),
                "type": 3,
                "name": channel.name,
                "icon": None,
                "owner_id": recipients[0]["id"],
                "last_message_id": None,
                "flags": 0,
                "recipients": recipients,
            }
        if channel.parent_id is not None:
            return self._thread_json(channel)
        overwrites = []
        if channel.id in self.bot_permissions:
            held = self.bot_permissions[channel.id]
            allow, deny = held & ~MEMBER_PERMISSIONS, MEMBER_PERMISSIONS & ~held
            overwrites = [{"id": str(BOT_ID), "type": 1, "allow": str(allow), "deny": str(deny)}]
        for user_id in sorted(self.hidden.get(channel.id, ())):
            deny = int(Permission.VIEW_CHANNEL)
            overwrites.append({"id": str(user_id), "type": 1, "allow": "0", "deny": str(deny)})
        return {
            "id": str(channel.id),
            "type": 0,
            "guild_id": str(channel.guild_id),
            "name": channel.name,
            "position": list(self.channels).index(channel.id),
            "parent_id": None,
            "topic": None,
            "nsfw": channel.nsfw,
            "rate_limit_per_user": 0,
            "last_message_id": None,
            "permission_overwrites": overwrites,
            "flags": 0,
        }

    def _thread_json(self, channel: Channel) -> Json:
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
            "member_count": len(self.users),
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 10080,
                "archive_timestamp": iso_timestamp(created_at(GUILD_ID)),
                "locked": channel.locked,
                "create_timestamp": iso_timestamp(created_at(GUILD_ID)),
            },
        }

    def role_json(self, id: int) -> Json:
        """Discord's role object."""
        role: Json = {
            "id": str(id),
            "name": self.roles[id],
            "permissions": str(MEMBER_PERMISSIONS),
            "position": list(self.roles).index(id),
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

    def guild_json(self) -> Json:
        """Discord's guild object without what only GUILD_CREATE carries."""
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
            "roles": [self.role_json(id) for id in self.roles],
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

    def guild_create_json(self) -> Json:
        """What GUILD_CREATE carries."""
        channels = self.guild_channels()
        return self.guild_json() | {
            "joined_at": iso_timestamp(created_at(GUILD_ID)),
            "large": False,
            "unavailable": False,
            "member_count": len(self.users),
            "members": [self.member_json(user) for user in self.users.values()],
            "channels": [self.channel_json(channel) for channel in channels if channel.parent_id is None],
            "threads": [self.channel_json(channel) for channel in channels if channel.parent_id is not None],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
