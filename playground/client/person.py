"""A person without a browser: a client of the page API, for tests and benchmarks."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from playground.errors import Json
from playground.state.world import ADMIN_ID, MEMBER_ONE_ID, MEMBER_TWO_ID
from playground.validation.components import walk

_IDS = {"admin": ADMIN_ID, "member one": MEMBER_ONE_ID, "member two": MEMBER_TWO_ID}


class Refused(Exception):
    """The page API refused, as Discord's own client would. The message is a sentence for a person."""


@dataclass(frozen=True)
class Outcome:
    """The result of a command, a component or a modal.

    acknowledged: the interaction callback type, 0 when it failed. message: the message of the initial response.
    modal: the modal that opened, with the interaction_id that opened it. failed: the bot didn't respond in time.
    """

    interaction_id: str
    acknowledged: int = 0
    message: Json | None = None
    modal: Json | None = None
    failed: bool = False


@dataclass(frozen=True)
class File:
    """A file for an attachment option or a file upload."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"


@dataclass
class _View:
    """The state that the person sees, updated by events."""

    messages: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    online: bool = False


class Person:
    """One of the playground's people: `async with Person(url, "member one") as person:`.

    timeout: seconds to wait for whatever is awaited, unless a call says otherwise.
    locale: the person's language; may be changed.
    """

    def __init__(self, url: str, username: str, timeout: float = 120.0, locale: str = "en-US") -> None:
        self.username = username
        self.locale = locale
        self.id = str(_IDS[username])
        self._url = url
        self._timeout = timeout
        self._view = _View()
        self._outcomes: dict[str, asyncio.Future[Outcome]] = {}
        self._channel_by_interaction: dict[str, str] = {}
        self._changed = asyncio.Condition()
        self._opened = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        self._listener = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._opened.wait(), self._timeout)
        await self._load()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._session.close()

    async def _load(self) -> None:
        async with self._session.get(f"{self._url}/page/state", params={"user": self.id}) as response:
            state = await response.json()
        self._set_channels(state["channels"])
        self._view.commands, self._view.online = state["commands"], state["bot"]["online"]
        for messages in state["messages"].values():
            for message in messages:
                self._view.messages.setdefault(message["id"], message)

    def _set_channels(self, channels: list[Json]) -> None:
        self._view.channels = {"dm" if channel["type"] == 1 else channel["name"]: channel["id"] for channel in channels}

    async def _listen(self) -> None:
        url = f"{self._url}/page/events"
        async with self._session.get(url, params={"user": self.id}, read_bufsize=2**22) as response:
            self._opened.set()
            event = ""
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    await self._handle_event(event, json.loads(value))

    async def _handle_event(self, event: str, data: Any) -> None:
        match event:
            case "message":
                self._view.messages[data["id"]] = data
            case "message_delete":
                self._view.messages.pop(data["id"], None)
            case "commands":
                self._view.commands = data
            case "channels":
                self._set_channels(data)
            case "bot":
                self._view.online = data["online"]
            case "answer":
                modal = data["modal"] and data["modal"] | {"interaction_id": data["interaction_id"]}
                self._set_outcome(Outcome(data["interaction_id"], data["type"], data["message"], modal))
            case "failure":
                self._set_outcome(Outcome(data["interaction_id"], failed=True))
        async with self._changed:
            self._changed.notify_all()

    def _set_outcome(self, outcome: Outcome) -> None:
        waiting = self._outcome(outcome.interaction_id)
        if not waiting.done():
            waiting.set_result(outcome)

    def _outcome(self, interaction_id: str) -> asyncio.Future[Outcome]:
        if interaction_id not in self._outcomes:
            self._outcomes[interaction_id] = asyncio.get_running_loop().create_future()
        return self._outcomes[interaction_id]

    async def _post(self, path: str, body: Json, files: Mapping[str, File] | None = None) -> Json:
        payload = {"user": self.id, "locale": self.locale} | body
        url = f"{self._url}/page/{path}"
        form: aiohttp.FormData | None = None
        if files:
            form = aiohttp.FormData()
            form.add_field("payload", json.dumps(payload), content_type="application/json")
            for name, file in files.items():
                form.add_field(name, file.data, filename=file.name, content_type=file.content_type)
        async with self._session.post(url, data=form, json=None if form else payload) as response:
            answer: Json = await response.json()
            if response.status >= 400:
                raise Refused(answer["message"])
            return answer

    async def _interact(self, path: str, body: Json, files: Mapping[str, File] | None = None) -> Outcome:
        posted = await self._post(path, body, files)
        self._channel_by_interaction[posted["interaction_id"]] = body["channel"]
        outcome = await asyncio.wait_for(self._outcome(posted["interaction_id"]), self._timeout)
        del self._outcomes[posted["interaction_id"]]
        return outcome

    async def _open_channel(self, channel: str) -> str:
        """Return the id of a channel by name. "dm" opens the DM with the bot."""
        if channel == "dm" and "dm" not in self._view.channels:
            opened = await self._post("dms", {})
            self._view.channels["dm"] = opened["channel"]["id"]
        return self.channel_id(channel)

    def channel_id(self, channel: str) -> str:
        """Return the id of a channel by name, or an id as it is. "dm" is the DM with the bot, once it is open."""
        if channel in self._view.channels:
            return self._view.channels[channel]
        if channel.isdecimal():
            return channel
        raise Refused(f"There is no channel {channel}.")

    def sees(self, channel_id: str) -> bool:
        """Whether this person can view a channel."""
        return channel_id in self._view.channels.values()

    @property
    def commands(self) -> list[Json]:
        """The commands that this person may use."""
        return self._view.commands

    @property
    def bot_online(self) -> bool:
        """Whether the bot is online."""
        return self._view.online

    async def slash(self, command: str, options: Mapping[str, Any] | None = None, channel: str = "general") -> Outcome:
        """Use a slash command. Subcommands follow after spaces; a File or Path as a value is uploaded."""
        values, files = _split_files(options or {})
        body = {"channel": await self._open_channel(channel), "path": command.split(" "), "options": values, "type": 1}
        return await self._interact("commands", body, files)

    async def menu(self, command: str, target: Json | str, channel: str = "general") -> Outcome:
        """Use a context menu command on a message, or on a user by id."""
        kind, id = (2, target) if isinstance(target, str) else (3, target["id"])
        place = await self._open_channel(channel) if isinstance(target, str) else target["channel_id"]
        return await self._interact("commands", {"channel": place, "path": [command], "type": kind, "target": id})

    async def autocomplete(
        self, command: str, options: Mapping[str, Any], focused: str, channel: str = "general"
    ) -> list[Json]:
        """Return the autocomplete choices of the `focused` option, with these values of the options."""
        body = {"channel": await self._open_channel(channel), "path": command.split(" "), "options": dict(options)}
        answer = await self._post("autocomplete", body | {"focused": focused})
        choices: list[Json] = answer["choices"]
        return choices

    async def click(self, message: Json, button: str) -> Outcome:
        """Press the button with this custom_id, label or emoji."""
        current = self._view.messages.get(message["id"], message)
        for component in walk(current["components"]):
            names = (component.get("custom_id"), component.get("label"), (component.get("emoji") or {}).get("name"))
            if component.get("type") == 2 and button in names and component.get("custom_id"):
                return await self._component(message, component["custom_id"], None)
        raise Refused(f"This message has no button {button}.")

    async def select(self, message: Json, custom_id: str, values: list[str]) -> Outcome:
        """Choose values of a select."""
        return await self._component(message, custom_id, values)

    async def _component(self, message: Json, custom_id: str, values: list[str] | None) -> Outcome:
        body = {"channel": message["channel_id"], "message": message["id"], "custom_id": custom_id, "values": values}
        return await self._interact("components", body)

    async def submit(self, modal: Json | None, values: Mapping[str, Any]) -> Outcome:
        """Submit the modal of an outcome. `values` are by custom_id."""
        if modal is None:
            raise Refused("No modal is open.")
        plain, files = _split_files(values)
        opened_by = modal["interaction_id"]
        place = self._channel_by_interaction[opened_by]
        body = {"channel": place, "interaction_id": opened_by, "custom_id": modal["custom_id"], "components": plain}
        return await self._interact("modals", body, files)

    async def react(self, message: Json, emoji: str) -> None:
        """Add a reaction."""
        await self._react(message, emoji, on=True)

    async def unreact(self, message: Json, emoji: str) -> None:
        """Remove this person's reaction."""
        await self._react(message, emoji, on=False)

    async def _react(self, message: Json, emoji: str, on: bool) -> None:
        place = {"channel": message["channel_id"], "message": message["id"]}
        await self._post("reactions", place | {"emoji": emoji, "on": on})

    async def say(self, content: str, channel: str = "general", reply_to: Json | None = None) -> Json:
        """Post a message; with `reply_to`, as a reply in the channel of that message."""
        if reply_to is not None:
            place = {"channel": reply_to["channel_id"], "message": reply_to["id"]}
            return await self._post("messages", place | {"content": content})
        return await self._post("messages", {"channel": await self._open_channel(channel), "content": content})

    async def post(self, name: str, data: bytes, content_type: str, channel: str = "general") -> Json:
        """Post a message with a file."""
        body = {"channel": await self._open_channel(channel), "content": ""}
        return await self._post("messages", body, {"file0": File(name, data, content_type)})

    async def delete(self, message: Json) -> None:
        """Delete a message, or dismiss an ephemeral one."""
        await self._post("messages/delete", {"channel": message["channel_id"], "message": message["id"]})

    def messages(self, channel: str = "general") -> list[Json]:
        """Return the messages of a channel that this person sees now, oldest first."""
        id = self.channel_id(channel)
        visible = [message for message in self._view.messages.values() if message["channel_id"] == id]
        return sorted(visible, key=lambda message: int(message["id"]))

    def message(self, id: str) -> Json | None:
        """Return a message as this person sees it now, None when it is deleted."""
        return self._view.messages.get(id)

    async def wait_for(self, predicate: Callable[[Json], bool], timeout: float | None = None) -> Json:  # noqa: ASYNC109
        """Wait for a message, seen now or later, that satisfies `predicate`. TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout or self._timeout), self._changed:
            while True:
                for message in sorted(self._view.messages.values(), key=lambda message: int(message["id"])):
                    if predicate(message):
                        return message
                await self._changed.wait()

    async def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until `condition` holds; checks now and after each event. TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout or self._timeout), self._changed:
            await self._changed.wait_for(condition)

    async def download(self, url: str) -> bytes:
        """Download the file behind a link. Refused when the link doesn't work."""
        async with self._session.get(url) as response:
            if response.status != 200:
                raise Refused(await response.text())
            return await response.read()


def _split_files(values: Mapping[str, Any]) -> tuple[Json, dict[str, File]]:
    """Replace files among the values by the names of their multipart fields. Returns the values and the files."""
    files: dict[str, File] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            value = File(value.name, value.read_bytes())
        if not isinstance(value, File):
            return value
        field_name = f"file{len(files)}"
        files[field_name] = value
        return field_name

    converted = {
        name: [plain(item) for item in value] if isinstance(value, list) else plain(value)
        for name, value in values.items()
    }
    return converted, files
