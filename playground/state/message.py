"""The record of a message, its flags and types, and how it is written as Discord's message object."""

from dataclasses import dataclass, field

from playground.errors import Json
from playground.state.attachments import Attachments, attachment_object
from playground.state.cdn import Cdn
from playground.state.guild_objects import user_object
from playground.state.media import Media
from playground.state.store import iso_timestamp
from playground.state.world import BOT_ID, World

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

REPLY, CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND = 19, 20, 23

_FORWARDED = (
    "type",
    "content",
    "embeds",
    "attachments",
    "timestamp",
    "edited_timestamp",
    "flags",
    "mentions",
    "mention_roles",
    "components",
)
"""The fields of a message that its forwards have."""


@dataclass
class Message:
    """A stored message. `reactions` lists the ids of the users who reacted, by emoji.

    ephemeral_for: the id of the only user who sees the message. interaction: its interaction_metadata, with the user's
    id as `user`. reference: its message_reference. snapshot: the message that it
    forwards, as it was. created, edited: Unix seconds.
    """

    id: int
    channel_id: int
    author_id: int
    created: float
    type: int = 0
    content: str = ""
    flags: int = 0
    edited: float | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    mentions: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    ephemeral_for: int | None = None
    interaction: Json | None = None
    reference: Json | None = None
    snapshot: Json | None = None
    nonce: str | None = None
    tts: bool = False

    @property
    def loading(self) -> bool:
        """Whether it is the "is thinking" message of a deferred response."""
        return bool(self.flags & LOADING)


class MessageWriter:
    """Writes stored messages as message objects."""

    def __init__(self, world: World, attachments: Attachments, cdn: Cdn, media: Media) -> None:
        self._world = world
        self._attachments = attachments
        self._cdn = cdn
        self._media = media

    def write(self, message: Message, viewer_id: int) -> Json:
        """Write a message object for a viewer, with fresh links."""
        displayed = self._media.referenced(message.embeds, message.components)
        document: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "type": message.type,
            "author": user_object(self._world.users[message.author_id]),
            "content": message.content,
            "timestamp": iso_timestamp(message.created),
            "edited_timestamp": None if message.edited is None else iso_timestamp(message.edited),
            "tts": message.tts,
            "mention_everyone": message.mention_everyone,
            "mentions": [user_object(self._world.users[id]) for id in message.mentions],
            "mention_roles": [],
            "attachments": [
                attachment_object(attachment, self._cdn.link(attachment))
                for attachment in self._attachments.get_all(message.attachments)
                if attachment.id not in displayed
            ],
            "embeds": self._media.write_embeds(message.embeds),
            "components": self._media.write_components(message.components),
            "pinned": False,
            "flags": message.flags,
        }
        if message.reactions:
            document["reactions"] = [
                {
                    "emoji": {"id": None, "name": emoji},
                    "count": len(users),
                    "count_details": {"normal": len(users), "burst": 0},
                    "me": viewer_id in users,
                    "me_burst": False,
                    "burst_colors": [],
                }
                for emoji, users in message.reactions.items()
            ]
        if message.interaction is not None:
            document |= {
                "application_id": str(BOT_ID),
                "webhook_id": str(BOT_ID),
                "interaction_metadata": message.interaction
                | {"user": user_object(self._world.users[int(message.interaction["user"])])},
            }
        if message.nonce is not None:
            document["nonce"] = message.nonce
        if message.reference is not None:
            document["message_reference"] = message.reference
        if message.snapshot is not None:
            forwarded = self.write(Message(**message.snapshot), viewer_id)
            document["message_snapshots"] = [{"message": {name: forwarded[name] for name in _FORWARDED}}]
        return document
