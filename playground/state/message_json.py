"""How a message looks to a viewer."""

from playground.errors import Json
from playground.state.attachments import Attachments, attachment_json
from playground.state.cdn import Cdn
from playground.state.media import Media
from playground.state.message import Message
from playground.state.snowflakes import iso_timestamp
from playground.state.world import BOT_ID, World


class Appearance:
    """Writes stored messages as Discord's message objects."""

    def __init__(self, world: World, attachments: Attachments, cdn: Cdn, media: Media) -> None:
        self._world = world
        self._attachments = attachments
        self._cdn = cdn
        self._media = media

    def to_json(self, message: Message, viewer_id: int) -> Json:
        """Discord's message object for a viewer, with fresh links."""
        hidden = self._media.referenced(message.embeds, message.components)
        user_json = self._world.users[message.author_id].to_json()
        document: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "type": message.type,
            "author": user_json,
            "content": message.content,
            "timestamp": iso_timestamp(message.created),
            "edited_timestamp": None if message.edited is None else iso_timestamp(message.edited),
            "tts": message.tts,
            "mention_everyone": message.mention_everyone,
            "mentions": [self._world.users[id].to_json() for id in message.mentions],
            "mention_roles": [],
            "attachments": [
                attachment_json(attachment, self._cdn.link(attachment))
                for attachment in self._attachments.several(message.attachments)
                if attachment.id not in hidden
            ],
            "embeds": self._media.embeds_json(message.embeds),
            "components": self._media.components_json(message.components),
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
                | {"user": self._world.users[int(message.interaction["user"])].to_json()},
            }
        if message.nonce is not None:
            document["nonce"] = message.nonce
        if message.reference is not None:
            document["message_reference"] = message.reference
        return document
