"""The `resolved` object of an interaction: users, members, roles, channels, messages and attachments by id."""

from dataclasses import dataclass, field

from playground.errors import Json, PageRefusal
from playground.state.attachments import Attachments, Upload, attachment_object
from playground.state.cdn import Cdn
from playground.state.guild_objects import channel_object, member_object, role_object, user_object
from playground.state.world import Channel, World
from playground.validation.commands import CHANNEL, ROLE, USER
from playground.validation.messages import FILE_LIMIT


@dataclass
class ResolvedData:
    """Collects the `resolved` object of an interaction. `document` is the object."""

    world: World
    channel: Channel
    document: Json = field(default_factory=dict)

    def _add(self, group: str, id: int, document: Json) -> None:
        self.document.setdefault(group, {})[str(id)] = document

    def add_user(self, id: int) -> bool:
        """Add a user, and in a guild the member. False when there is none with this id."""
        user = self.world.users.get(id)
        if user is None:
            return False
        self._add("users", id, user_object(user))
        if self.channel.guild_id is not None and id not in self.world.left:
            member = member_object(user) | {"permissions": str(self.world.permissions(user, self.channel))}
            self._add(
                "members", id, {name: value for name, value in member.items() if name not in ("user", "deaf", "mute")}
            )
        return True

    def add_role(self, id: int) -> bool:
        """Add a role. False when there is none with this id."""
        if id not in self.world.roles:
            return False
        self._add("roles", id, role_object(self.world, id))
        return True

    def add_channel(self, id: int) -> bool:
        """Add a channel of the same guild. False when there is none with this id."""
        channel = self.world.channels.get(id)
        if channel is None or channel.guild_id != self.channel.guild_id:
            return False
        document = channel_object(self.world, channel)
        self._add("channels", id, document | {"permissions": str(self.world.permissions(self.world.bot, channel))})
        return True

    def add_message(self, id: int, document: Json) -> None:
        """Add a message object."""
        self._add("messages", id, document)

    def add_attachment(self, id: int, document: Json) -> None:
        """Add an attachment object."""
        self._add("attachments", id, document)

    def add_option_value(self, option_type: int, id: int) -> bool:
        """Add the value of an option of type USER, ROLE, CHANNEL or MENTIONABLE. False when it doesn't exist."""
        if option_type == USER:
            return self.add_user(id)
        if option_type == ROLE:
            return self.add_role(id)
        if option_type == CHANNEL:
            return self.add_channel(id)
        return self.add_user(id) or self.add_role(id)


def save_upload(upload: Upload, channel: Channel, attachments: Attachments, cdn: Cdn, resolved: ResolvedData) -> str:
    """Save a person's file and add it to `resolved`. Returns the attachment's id. PageRefusal when it is too large."""
    if len(upload.data) > FILE_LIMIT:
        raise PageRefusal(f"{upload.filename} is larger than {FILE_LIMIT // 1024 // 1024} MiB.")
    attachment = attachments.save(upload, channel.id, ephemeral=True)
    resolved.add_attachment(attachment.id, attachment_object(attachment, cdn.link(attachment)))
    return str(attachment.id)
