"""The options of a command as a person fills them in, checked as Discord's own client does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.client.resolved_data import ResolvedData, save_upload
from playground.errors import Json, PageRefusal
from playground.state.attachments import Attachments, Upload
from playground.state.cdn import Cdn
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

STRING_LIMIT = 6000
"""Characters of a string option."""

_TYPE_NAMES = {STRING: "text", INTEGER: "a whole number", BOOLEAN: "true or false", NUMBER: "a number"}


def options_at(command: Json, path: list[str]) -> list[Json]:
    """Return the option definitions of the command or subcommand at `path`. PageRefusal when there is none."""
    options: list[Json] = command.get("options") or []
    for name in path[1:]:
        found = [item for item in options if item["name"] == name and item["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)]
        if not found:
            raise PageRefusal(f"There is no command /{' '.join(path)}.")
        options = found[0].get("options") or []
    if any(option["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in options):
        raise PageRefusal(f"/{' '.join(path)} needs one of its subcommands.")
    return options


def nest_options(command: Json, path: list[str], options: list[Json]) -> list[Json]:
    """Nest options in the subcommands of `path`, as interaction data has them."""
    for depth in range(len(path) - 1, 0, -1):
        kind = SUB_COMMAND if depth == len(path) - 1 else SUB_COMMAND_GROUP
        options = [{"name": path[depth], "type": kind, "options": options}]
    return options


@dataclass(frozen=True)
class OptionReader:
    """Turns the values that a person filled in into the options of an interaction. `files` are by field name."""

    resolved: ResolvedData
    attachments: Attachments
    cdn: Cdn
    files: Mapping[str, Upload]

    def read(self, definitions: list[Json], values: Json) -> list[Json]:
        """Check all values. PageRefusal for a missing, unknown or invalid one."""
        defined = {definition["name"]: definition for definition in definitions}
        for name in values:
            if name not in defined:
                raise PageRefusal(f"There is no option {name}.")
        for name, definition in defined.items():
            if definition.get("required") and values.get(name) in (None, ""):
                raise PageRefusal(f"{name} is required.")
        return [
            {"name": name, "type": defined[name]["type"], "value": self._value(defined[name], value)}
            for name, value in values.items()
            if value is not None
        ]

    def read_partial(self, definitions: list[Json], values: Json, focused: str) -> list[Json]:
        """Read the values for autocomplete: the focused one as text; others are left out while they are invalid."""
        defined = {definition["name"]: definition for definition in definitions}
        if not defined.get(focused, {}).get("autocomplete"):
            raise PageRefusal(f"{focused} has no suggestions.")
        options = []
        for name, value in {**values, focused: values.get(focused)}.items():
            if name == focused:
                text = "" if value is None else str(value)
                options.append({"name": name, "type": defined[name]["type"], "value": text, "focused": True})
            elif name in defined and value is not None and defined[name]["type"] != ATTACHMENT:
                try:
                    checked = self._value(defined[name], value)
                except PageRefusal:
                    continue
                options.append({"name": name, "type": defined[name]["type"], "value": checked})
        return options

    def _value(self, definition: Json, value: Any) -> Any:
        kind, name = definition["type"], definition["name"]
        if kind in _TYPE_NAMES:
            return self._plain_value(definition, value)
        if kind == ATTACHMENT:
            upload = self.files.get(str(value))
            if upload is None:
                raise PageRefusal(f"{name} needs a file.")
            return save_upload(upload, self.resolved.channel, self.attachments, self.cdn, self.resolved)
        if not str(value).isdecimal() or not self.resolved.add_option_value(kind, int(value)):
            noun = {USER: "user", ROLE: "role", CHANNEL: "channel", MENTIONABLE: "user or role"}[kind]
            raise PageRefusal(f"{name}: there is no such {noun}.")
        return str(value)

    def _plain_value(self, definition: Json, value: Any) -> Any:
        kind, name = definition["type"], definition["name"]
        if type(value) not in {STRING: (str,), BOOLEAN: (bool,), INTEGER: (int,), NUMBER: (int, float)}[kind]:
            raise PageRefusal(f"{name} must be {_TYPE_NAMES[kind]}.")
        if kind == STRING:
            value = value.strip()
            minimum, maximum = definition.get("min_length") or 0, definition.get("max_length") or STRING_LIMIT
            if not minimum <= len(value) <= maximum:
                raise PageRefusal(f"{name} must have {minimum} to {maximum} characters.")
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
