"""Application commands that the bot has synced: global ones and those of the guild."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.errors import ApiError, Json
from playground.state.store import Store
from playground.state.world import BOT_ID, GUILD_ID, Channel, User, World
from playground.validation.commands import check_command, check_commands
from playground.validation.form import Form

CHAT_INPUT, USER_MENU, MESSAGE_MENU, ENTRY_POINT = 1, 2, 3, 4

_DEFAULTS: Json = {
    "type": CHAT_INPUT,
    "description": "",
    "name_localizations": None,
    "description_localizations": None,
    "options": [],
    "default_member_permissions": None,
    "nsfw": False,
}


@dataclass(frozen=True)
class Scope:
    """Where commands are registered: globally or in one guild. `key` is the guild's id, 0 for global."""

    key: int

    @property
    def guild_id(self) -> int | None:
        return self.key or None


GLOBAL = Scope(0)


class Commands:
    """Commands by scope. The listeners in `on_change` are called after each change."""

    def __init__(self, store: Store, world: World) -> None:
        self._store = store
        self._world = world
        self._commands: dict[int, list[Json]] = {key: saved["commands"] for key, saved in store.all("commands").items()}
        self.on_change: list[Callable[[], None]] = []

    def all(self, scope: Scope) -> list[Json]:
        """Return the commands of a scope, as application command objects."""
        return list(self._commands.get(scope.key, []))

    def get(self, scope: Scope, id: int) -> Json:
        """Return one command. ApiError 10063 when there is none with this id."""
        for command in self.all(scope):
            if command["id"] == str(id):
                return command
        raise ApiError(404, 10063)

    def replace_all(self, scope: Scope, payload: Any) -> list[Json]:
        """Bulk overwrite. A command that keeps its name and type keeps its id. ApiError 50240 without the entry point
        command, where the app has one."""
        if not isinstance(payload, list):
            form = Form()
            form.add_error("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            form.raise_if_invalid()
        form = Form()
        check_commands(payload, form)
        form.raise_if_invalid()
        if not _entry_points(self.all(scope)) <= _entry_points(payload):
            raise ApiError(400, 50240)
        earlier = {_identity(command): command for command in self.all(scope)}
        self._put(scope, [self._stored(scope, item, earlier.get(_identity(item))) for item in payload])
        return self.all(scope)

    def upsert(self, scope: Scope, payload: Json) -> tuple[Json, bool]:
        """Create a command, or overwrite the one with the same name and type. Returns it and whether it is new."""
        form = Form()
        check_command(payload, form)
        form.raise_if_invalid()
        others = [command for command in self.all(scope) if _identity(command) != _identity(payload)]
        earlier = next((item for item in self.all(scope) if _identity(item) == _identity(payload)), None)
        check_commands([*others, payload], Form(), count_only=True)
        command = self._stored(scope, payload, earlier)
        self._put(scope, [*others, command])
        return command, earlier is None

    def edit(self, scope: Scope, id: int, payload: Json) -> Json:
        """Change the given fields of a command. ApiError 10063."""
        earlier = self.get(scope, id)
        merged = earlier | payload
        form = Form()
        check_command(merged, form)
        form.raise_if_invalid()
        command = self._stored(scope, merged, earlier)
        self._put(scope, [command if item["id"] == str(id) else item for item in self.all(scope)])
        return command

    def delete(self, scope: Scope, id: int) -> None:
        """Delete a command. ApiError 10063."""
        deleted = self.get(scope, id)
        self._put(scope, [item for item in self.all(scope) if item is not deleted])

    def _stored(self, scope: Scope, payload: Json, earlier: Json | None) -> Json:
        given = {name: value for name, value in payload.items() if value is not None and name != "id"}
        command = _DEFAULTS | given
        if command["default_member_permissions"] is not None:
            command["default_member_permissions"] = str(command["default_member_permissions"])
        if scope.guild_id is None:
            command.setdefault("dm_permission", True)
            command.setdefault("contexts", None)
            command.setdefault("integration_types", [0])
        else:
            command["guild_id"] = str(scope.guild_id)
        return command | {
            "id": earlier["id"] if earlier else str(self._store.next_snowflake()),
            "application_id": str(BOT_ID),
            "version": str(self._store.next_snowflake()),
        }

    def _put(self, scope: Scope, commands: list[Json]) -> None:
        self._commands[scope.key] = commands
        self._store.put("commands", scope.key, {"commands": commands})
        for listener in self.on_change:
            listener()

    def visible_to(self, user: User, channel: Channel | None = None) -> list[Json]:
        """Return the commands a person may use in a channel, or in any when None. Guild commands hide global ones."""
        visible: dict[tuple[str, int], Json] = {}
        for command in (*self.all(GLOBAL), *self.all(Scope(GUILD_ID))):
            if self._usable(command, user, channel):
                visible[_identity(command)] = command
        return list(visible.values())

    def _usable(self, command: Json, user: User, channel: Channel | None) -> bool:
        contexts = command.get("contexts")
        if channel is not None and channel.guild_id is None:
            allowed = command.get("dm_permission", True) if contexts is None else 1 in contexts
            if channel.is_outside:
                allowed = contexts is not None and 2 in contexts and 1 in command.get("integration_types", [])
            return "guild_id" not in command and bool(allowed)
        if channel is not None and command.get("nsfw") and not channel.nsfw:
            return False
        if contexts is not None and 0 not in contexts and channel is not None:
            return False
        if channel is not None and channel.is_outside:
            return "guild_id" not in command and 1 in command.get("integration_types", [])
        needed = command.get("default_member_permissions")
        if needed is None or user.admin:
            return True
        granted = self._world.permissions(user, channel or next(iter(self._world.channels.values())))
        return int(needed) != 0 and granted & int(needed) == int(needed)


def _identity(command: Json) -> tuple[str, int]:
    return command["name"], command.get("type") or CHAT_INPUT


def _entry_points(commands: list[Json]) -> set[str]:
    return {command["name"] for command in commands if command.get("type") == ENTRY_POINT}
