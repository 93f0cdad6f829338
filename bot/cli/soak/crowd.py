"""Members who use the bot over the page API of the stand-in, and what all of them see."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]

POLL_SECONDS = 0.1
"""How often the stand-in is asked what happened."""

DEFERRED = 5
"""The response type of an accepted request."""

_FIRST_MEMBER = 1180000000000001000
GENERAL = "1180000000000000021"


class Refused(Exception):
    """Discord's client would not send that."""


@dataclass
class Observed:
    """Everything that happened so far: interactions with an outcome, and messages as they are now, by id."""

    number: int = 0
    online: bool = False
    interactions: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    answered_at: dict[str, float] = field(default_factory=dict)
    """When each interaction's outcome was seen, by the loop's clock."""
    changed_at: dict[str, float] = field(default_factory=dict)
    """When each message's latest version was seen, by the loop's clock."""


class Crowd:
    """All members. Use as `async with`."""

    def __init__(self, url: str, poll_seconds: float = POLL_SECONDS) -> None:
        self._url = url
        self._poll_seconds = poll_seconds
        self.observed = Observed()
        self.sent_at: dict[str, float] = {}
        """When each interaction was sent, by the loop's clock."""
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._watch = asyncio.create_task(self._poll())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        await self._session.close()

    async def _poll(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._poll_seconds)

    async def look(self) -> None:
        """Ask the stand-in what happened since the last time."""
        query = {"after": str(self.observed.number)}
        async with self._session.get(f"{self._url}/control/journal", params=query) as response:
            journal = await response.json()
        now = asyncio.get_running_loop().time()
        self.observed.number, self.observed.online = journal["number"], journal["online"]
        for interaction in journal["interactions"]:
            self.observed.interactions[interaction["id"]] = interaction
            self.observed.answered_at.setdefault(interaction["id"], now)
        for message in journal["messages"]:
            self.observed.messages[message["id"]] = message
            self.observed.changed_at[message["id"]] = now
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[Observed], bool], seconds: float | None = None) -> bool:
        """Wait until a condition holds; False where it does not within `seconds`, if they are given."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: condition(self.observed))
        except TimeoutError:
            return False
        return True

    async def command(self, member: int, name: str, options: Json, picture: bytes = b"", channel: str = GENERAL) -> str:
        """Send a slash command; the interaction's id. `picture` is attached as `image`."""
        body = {"channel": channel, "path": [name], "options": options, "type": 1}
        if not picture:
            return await self._interact("commands", member, body)
        body["options"] = options | {"image": "file0"}
        return await self._interact("commands", member, body, picture)

    async def press(self, member: int, message: Json, custom_id: str, values: list[str] | None = None) -> str:
        """Press a button, or choose from a select; the interaction's id."""
        body = {"channel": message["channel_id"], "message": message["id"], "custom_id": custom_id, "values": values}
        return await self._interact("components", member, body)

    async def submit(self, member: int, channel: str, opened_by: str, modal: Json, values: Json) -> str:
        """Submit a form; the interaction's id."""
        body = {"channel": channel, "interaction_id": opened_by, "custom_id": modal["custom_id"], "components": values}
        return await self._interact("modals", member, body)

    async def react(self, member: int, message: Json, emoji: str) -> None:
        """Add a reaction."""
        place = {"channel": message["channel_id"], "message": message["id"]}
        await self._post("reactions", member, place | {"emoji": emoji, "on": True})

    async def control(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call the stand-in's control: order faults, or disturb the gateway."""
        async with self._session.request(method, f"{self._url}/control/{path}", json=body) as response:
            answer: Json = await response.json()
            return answer

    async def _interact(self, path: str, member: int, body: Json, picture: bytes = b"") -> str:
        started = asyncio.get_running_loop().time()
        id: str = (await self._post(path, member, body, picture))["interaction_id"]
        self.sent_at[id] = started
        return id

    async def _post(self, path: str, member: int, body: Json, picture: bytes = b"") -> Json:
        payload = {"user": user_id(member), "locale": "en-US"} | body
        form: aiohttp.FormData | None = None
        if picture:
            form = aiohttp.FormData()
            form.add_field("payload", json.dumps(payload), content_type="application/json")
            form.add_field("file0", picture, filename="start.png", content_type="image/png")
        url = f"{self._url}/page/{path}"
        async with self._session.post(url, data=form, json=None if form else payload) as response:
            answer: Json = await response.json()
            if response.status >= 400:
                raise Refused(answer["message"])
            return answer


def user_id(member: int) -> str:
    """The Discord id of a member, numbered from 0."""
    return str(_FIRST_MEMBER + 1 + member)


def parts_of(components: list[Json]) -> Iterator[Json]:
    """All components of a message, nested ones included."""
    for component in components:
        yield component
        yield from parts_of(component.get("components") or [])
        for name in ("accessory", "component"):
            if isinstance(component.get(name), dict):
                yield from parts_of([component[name]])


def custom_ids_of(message: Json) -> list[str]:
    """The custom ids of a message's buttons and selects."""
    return [part["custom_id"] for part in parts_of(message.get("components") or []) if part.get("custom_id")]


def text_of(message: Json) -> str:
    """All text of a message, without labels of buttons."""
    parts = parts_of(message.get("components") or [])
    return "\n".join([message.get("content", ""), *(part["content"] for part in parts if part.get("type") == 10)])


def has_pictures(message: Json) -> bool:
    """True where a message shows a gallery or a file."""
    return any(part.get("type") in (12, 13) for part in parts_of(message.get("components") or []))
