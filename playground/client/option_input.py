"""What a person typed into a command, checked as Discord's own client checks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.errors import Json, PageRefusal
from playground.state.attachments import Attachments, Upload, attachment_json
from playground.state.cdn import Cdn
from playground.state.world import Channel, World
from playground.validation.commands import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUB_COMMAND,
    SUB_COMMAND_GROUP,
    USER,
)
from playground.validation.upload_limits import FILE_LIMIT

STRING_LIMIT = 6000

_KIND_NAMES = {STRING: "a text", INTEGER: "a whole number", BOOLEAN: "true or false", NUMBER: "a number"}


@dataclass
class Resolved:
    """Collects the `resolved` part of an interaction's data."""

    world: World
    channel: Channel
    document: Json = field(default_factory=dict)

    def _put(self, group: str, id: int, document: Json) -> None:
        self.document.setdefault(group, {})[str(id)] = document

    def user(self, id: int) -> bool:
        """Adds a user, and the member where there is a guild; False when there is none."""
        user = self.world.users.get(id)
        if user is None:
            return False
        self._put("users", id, user.to_json())
        if self.channel.guild_id is not None:
            member = self.world.member_json(user) | {"permissions": str(self.world.permissions(user, self.channel))}
            self._put(
                "members", id, {name: value for name, value in member.items() if name not in ("user", "deaf", "mute")}
            )
        return True

    def role(self, id: int) -> bool:
        """Adds a role; False when there is none."""
        if id not in self.world.roles:
            return False
        self._put("roles", id, self.world.role_json(id))
        return True

    def a_channel(self, id: int) -> bool:
        """Adds a channel of the guild; False when there is none."""
        channel = self.world.channels.get(id)
        if channel is None or channel.guild_id != self.channel.guild_id:
            return False
        document = self.world.channel_json(channel)
        self._put("channels", id, document | {"permissions": str(self.world.permissions(self.world.bot, channel))})
        return True

    def message(self, id: int, document: Json) -> None:
        """Adds a message."""
        self._put("messages", id, document)

    def attachment(self, id: int, document: Json) -> None:
        """Adds an attachment."""
        self._put("attachments", id, document)

    def by_kind(self, kind: int, id: int) -> bool:
        """Adds what an option or a select of this kind refers to; False when it does not exist."""
        if kind == USER:
            return self.user(id)
        if kind == ROLE:
            return self.role(id)
        if kind == CHANNEL:
            return self.a_channel(id)
        return self.user(id) or self.role(id)


def save_upload(upload: Upload, channel: Channel, attachments: Attachments, cdn: Cdn, resolved: Resolved) -> str:
    """Stores a person's file; the id it can be referred to by."""
    if len(upload.data) > FILE_LIMIT:
        raise PageRefusal(f"{upload.filename} is larger than {FILE_LIMIT // 1024 // 1024} MiB.")
    attachment = attachments.save(upload, channel.id, ephemeral=True)
    resolved.attachment(attachment.id, attachment_json(attachment, cdn.link(attachment)))
    return str(attachment.id)


def leaf(command: Json, path: list[str]) -> list[Json]:
    """The option definitions of the command or sub-command at `path`, sub-commands on the way first removed."""
    options: list[Json] = command.get("options") or []
    for name in path[1:]:
        found = [item for item in options if item["name"] == name and item["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)]
        if not found:
            raise PageRefusal(f"There is no command /{' '.join(path)}.")
        options = found[0].get("options") or []
    if any(option["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in options):
        raise PageRefusal(f"/{' '.join(path)} needs one of its sub-commands.")
    return options


def nested(command: Json, path: list[str], options: list[Json]) -> list[Json]:
    """Values wrapped into the sub-commands of `path`, as an interaction carries them."""
    for depth in range(len(path) - 1, 0, -1):
        kind = SUB_COMMAND if depth == len(path) - 1 else SUB_COMMAND_GROUP
        options = [{"name": path[depth], "type": kind, "options": options}]
    return options


@dataclass(frozen=True)
class OptionReader:
    """Turns typed values into the options of an interaction."""

    resolved: Resolved
    attachments: Attachments
    cdn: Cdn
    files: Mapping[str, Upload]

    def read(self, definitions: list[Json], values: Json) -> list[Json]:
        """All values checked; PageRefusal for a missing, unknown or wrong one."""
        known = {definition["name"]: definition for definition in definitions}
        for name in values:
            if name not in known:
                raise PageRefusal(f"There is no option {name}.")
        for name, definition in known.items():
            if definition.get("required") and values.get(name) in (None, ""):
                raise PageRefusal(f"{name} is required.")
        return [
            {"name": name, "type": known[name]["type"], "value": self._value(known[name], value)}
            for name, value in values.items()
            if value is not None
        ]

    def read_partial(self, definitions: list[Json], values: Json, focused: str) -> list[Json]:
        """Values while one is still being typed: that one is text, others that are not valid yet are left out."""
        known = {definition["name"]: definition for definition in definitions}
        if not known.get(focused, {}).get("autocomplete"):
            raise PageRefusal(f"{focused} has no suggestions.")
        options = []
        for name, value in {**values, focused: values.get(focused)}.items():
            if name == focused:
                text = "" if value is None else str(value)
                options.append({"name": name, "type": known[name]["type"], "value": text, "focused": True})
            elif name in known and value is not None and known[name]["type"] != ATTACHMENT:
                try:
                    checked = self._value(known[name], value)
                except PageRefusal:
                    continue
                options.append({"name": name, "type": known[name]["type"], "value": checked})
        return options

    def _value(self, definition: Json, value: Any) -> Any:
        kind, name = definition["type"], definition["name"]
        if kind in _KIND_NAMES:
            return self._plain_value(definition, value)
        if kind == ATTACHMENT:
            upload = self.files.get(str(value))
            if upload is None:
                raise PageRefusal(f"{name} needs a file.")
            return save_upload(upload, self.resolved.channel, self.attachments, self.cdn, self.resolved)
        if not str(value).isdecimal() or not self.resolved.by_kind(kind, int(value)):
            what = {USER: "user", ROLE: "role", CHANNEL: "channel", MENTIONABLE: "user or role"}[kind]
            raise PageRefusal(f"{name}: there is no such {what}.")
        return str(value)

    def _plain_value(self, definition: Json, value: Any) -> Any:
        kind, name = definition["type"], definition["name"]
        if type(value) not in {STRING: (str,), BOOLEAN: (bool,), INTEGER: (int,), NUMBER: (int, float)}[kind]:
            raise PageRefusal(f"{name} must be {_KIND_NAMES[kind]}.")
        if kind == STRING:
            value = value.strip()
            least, most = definition.get("min_length") or 0, definition.get("max_length") or STRING_LIMIT
            if not least <= len(value) <= most:
                raise PageRefusal(f"{name} must have {least} to {most} characters.")
        elif kind in (INTEGER, NUMBER):
            lowest, highest = definition.get("min_value"), definition.get("max_value")
            if lowest is not None and value < lowest:
                raise PageRefusal(f"{name} must be at least {lowest}.")
            if highest is not None and value > highest:
                raise PageRefusal(f"{name} must be at most {highest}.")
            if abs(value) > 2**53:
                raise PageRefusal(f"{name} is too large.")
        choices = definition.get("choices") or []
        if choices and value not in [choice["value"] for choice in choices]:
            raise PageRefusal(f"{name} must be one of {', '.join(choice['name'] for choice in choices)}.")
        return value
