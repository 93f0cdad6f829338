"""Users, roles, one guild with its channels and threads, DM channels, and the permissions of each user.

The bot is a member of one guild. There is one channel of another guild and one group DM, which people bring the app to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Any

from playground.errors import ApiError
from playground.state.store import Store
from playground.validation.messages import FILE_LIMIT


class Permission(IntFlag):
    """The permission bits that the playground checks."""

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
MORE_MEMBERS_ID = 1180000000000001000
"""Further members have the ids after this one."""
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

GUILD_TEXT, DM, GROUP_DM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 3, 11, 12


@dataclass(frozen=True)
class User:
    """A user. `color` is the color of the name on the chat page, "#rrggbb"."""

    id: int
    username: str
    color: str
    admin: bool = False
    bot: bool = False
    roles: tuple[int, ...] = ()


@dataclass(frozen=True)
class Channel:
    """A channel: text channel, thread, DM or group DM.

    parent_id: set for a thread, the channel that it belongs to. invited: its members, for a private thread.
    recipient_id: set for a DM with the bot. people: the recipients of a group DM.
    locked, archived: of a thread. kind: another channel type than the rest implies.
    is_outside: the bot isn't a member here, so the app only works for people who installed it themselves.
    """

    id: int
    name: str
    nsfw: bool = False
    recipient_id: int | None = None
    parent_id: int | None = None
    is_outside: bool = False
    people: tuple[int, ...] = ()
    invited: tuple[int, ...] = ()
    locked: bool = False
    archived: bool = False
    kind: int | None = None

    @property
    def is_dm(self) -> bool:
        return self.recipient_id is not None

    @property
    def guild_id(self) -> int | None:
        """The guild's id, None for a DM and a group DM."""
        if self.is_dm or self.people:
            return None
        return OTHER_GUILD_ID if self.is_outside else GUILD_ID

    @property
    def type(self) -> int:
        """Discord's channel type."""
        if self.kind is not None:
            return self.kind
        if self.is_dm:
            return DM
        if self.parent_id:
            return PRIVATE_THREAD if self.invited else PUBLIC_THREAD
        return GROUP_DM if self.people else GUILD_TEXT


class World:
    """The users, roles and channels. Tests may change the public attributes at any time."""

    def __init__(self, store: Store, members: int = 0) -> None:
        self._store = store
        users = (
            User(BOT_ID, "Noisefox", "#e8743b", bot=True, roles=(BOT_ROLE_ID,)),
            User(ADMIN_ID, "admin", "#c0392b", admin=True),
            User(MEMBER_ONE_ID, "member one", "#2e86c1", roles=(ARTISTS_ROLE_ID,)),
            User(MEMBER_TWO_ID, "member two", "#27ae60"),
            *(User(MORE_MEMBERS_ID + number, f"member {number}", "#7f8c8d") for number in range(1, members + 1)),
        )
        self.users = {user.id: user for user in users}
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
        """Bytes that one file of the bot may have."""
        self.bot_permissions: dict[int, int] = {}
        """The bot's permission bits by channel id. A channel that isn't listed grants MEMBER_PERMISSIONS."""
        self.hidden: dict[int, set[int]] = {}
        """Ids of the users who can't view a channel and its threads, by channel id."""
        self.closed_dms: set[int] = set()
        """Ids of users who accept no DMs from the bot (error 50007)."""
        self.on_channel_create: list[Callable[[Channel], None]] = []
        self.on_channel_update: list[Callable[[Channel], None]] = []
        self.on_channel_delete: list[Callable[[Channel], None]] = []
        self.on_role_delete: list[Callable[[int], None]] = []
        self.left: set[int] = set()
        """Ids of the users who have left the guild; others can still name them."""
        for id, document in store.all("dm").items():
            self._add_dm(id, document["recipient_id"])

    def _add_dm(self, id: int, recipient_id: int) -> Channel:
        channel = Channel(id, self.users[recipient_id].username, recipient_id=recipient_id)
        self.channels[id] = channel
        return channel

    def people(self) -> list[User]:
        """Return the users who aren't bots."""
        return [user for user in self.users.values() if not user.bot]

    def user(self, id: int) -> User:
        """Return a user. ApiError 10013 when there is none with this id."""
        if id not in self.users:
            raise ApiError(404, 10013)
        return self.users[id]

    def channel(self, id: int) -> Channel:
        """Return a channel. ApiError 10003 when there is none with this id."""
        if id not in self.channels:
            raise ApiError(404, 10003)
        return self.channels[id]

    def open_dm(self, recipient_id: int) -> Channel:
        """Return the DM channel between the bot and a user; create it when there is none. ApiError 10013, 50007."""
        for channel in self.channels.values():
            if channel.recipient_id == recipient_id:
                return channel
        if self.user(recipient_id).bot:
            raise ApiError(400, 50007)
        id = self._store.next_snowflake()
        self._store.put("dm", id, {"recipient_id": recipient_id})
        return self._created(self._add_dm(id, recipient_id))

    def create_private_thread(self, name: str, parent_id: int, invited: tuple[int, ...]) -> Channel:
        """Create a private thread in a channel."""
        id = self._store.next_snowflake()
        self.channels[id] = Channel(id, name, parent_id=parent_id, invited=invited)
        return self._created(self.channels[id])

    def delete_channel(self, id: int) -> None:
        """Delete a channel with its threads, or a thread. ApiError 10003 when there is none with this id."""
        deleted = self.channel(id)
        for thread in [each for each in self.channels.values() if each.parent_id == id]:
            self.delete_channel(thread.id)
        del self.channels[id]
        for listener in self.on_channel_delete:
            listener(deleted)

    def delete_role(self, id: int) -> None:
        """Delete a role, and take it from everybody."""
        del self.roles[id]
        for user in self.users.values():
            self.users[user.id] = replace(user, roles=tuple(role for role in user.roles if role != id))
        for listener in self.on_role_delete:
            listener(id)

    def change_channel(self, id: int, **changes: Any) -> None:
        """Change fields of a channel, such as `archived` of a thread."""
        self.channels[id] = replace(self.channel(id), **changes)
        self._updated(self.channels[id])

    def set_bot_permissions(self, channel_id: int, permissions: int) -> None:
        """Change the bot's permissions in a channel."""
        self.bot_permissions[channel_id] = permissions
        self._updated(self.channels[channel_id])

    def hide_channel(self, channel_id: int, user_id: int) -> None:
        """Deny a user the permission to view a channel and its threads."""
        self.hidden.setdefault(channel_id, set()).add(user_id)
        self._updated(self.channels[channel_id])

    def _created(self, channel: Channel) -> Channel:
        for listener in self.on_channel_create:
            listener(channel)
        return channel

    def _updated(self, channel: Channel) -> None:
        for listener in self.on_channel_update:
            listener(channel)

    def visible_channels(self, user_id: int) -> list[Channel]:
        """Return the channels that a user can view: of the guilds, group DMs, then the user's own DM."""
        return [channel for channel in self.channels.values() if user_id in self.viewers(channel)]

    def viewers(self, channel: Channel) -> set[int]:
        """Return the ids of the people who can view a channel."""
        if channel.recipient_id is not None:
            return {channel.recipient_id}
        viewers = set(channel.people) or {user.id for user in self.people()}
        if channel.invited:
            viewers &= {*channel.invited, *(user.id for user in self.people() if user.admin)}
        return viewers - self.hidden.get(channel.parent_id or channel.id, set())

    def guild_channels(self) -> list[Channel]:
        """Return the channels of the bot's guild, threads included."""
        return [channel for channel in self.channels.values() if channel.guild_id == GUILD_ID]

    def permissions(self, user: User, channel: Channel) -> int:
        """Return the permission bits of a user in a channel."""
        if user.bot:
            return self.bot_permissions.get(channel.id, MEMBER_PERMISSIONS)
        return ALL_PERMISSIONS if user.admin and channel.guild_id is not None else MEMBER_PERMISSIONS

    def require_permissions(self, channel: Channel, *required: Permission) -> None:
        """Check what the bot may do in a channel.

        ApiError 50001 when it can't view the channel, 50013 when it lacks one of `required`, 160005 when it may not
        post because the thread is locked.
        """
        if channel.is_outside:
            raise ApiError(403, 50001)
        granted = self.permissions(self.bot, channel)
        if granted & Permission.ADMINISTRATOR:
            return
        if not granted & Permission.VIEW_CHANNEL:
            raise ApiError(403, 50001)
        if any(not granted & permission for permission in required):
            raise ApiError(403, 50013)
        posts = Permission.SEND_MESSAGES_IN_THREADS in required
        if channel.locked and posts and not granted & Permission.MANAGE_THREADS:
            raise ApiError(400, 160005)
