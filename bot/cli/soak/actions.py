"""What members do: random actions, chosen by a seed alone, however long each takes."""

import re
from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image

from bot.cli.soak.accounting import Asked
from bot.cli.soak.crowd import (
    DEFERRED,
    Crowd,
    Json,
    Observed,
    Refused,
    custom_ids_of,
    has_pictures,
    parts_of,
    user_id,
)
from generation.tiny_worker import BROKEN

ANSWER_SECONDS = 5.0
"""How long a member waits for an answer; Discord gives up after three seconds."""

PATIENCE_SECONDS = 10.0
"""How long a member looks at a picture that is being drawn before doing something else."""

HARMFUL = "harmful"
"""Discord refuses every message that quotes a prompt with this word, where faults are injected."""

_DRAW = "noisefox-draft:draw:"
_SUBJECTS = ("fox", "owl", "boat", "apple", "tower", "lake")
_PRESSES = ("reroll", "vary", "upscale", "remix", "favourite", "delete", "reroll", "vary", "upscale")
_REACTIONS = ("🔁", "🔎", "⭐", "✉️")
_KINDS = {
    "imagine": 36,
    "together": 6,
    "many": 5,
    "compare": 6,
    "from_picture": 8,
    "private": 7,
    "broken": 3,
    "harmful": 2,
    "press": 24,
    "react": 8,
    "cancel": 7,
}
"""The kinds of actions and how often each is chosen."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a member does. `pick` chooses among the messages that are there by then."""

    kind: str
    member: int
    count: int
    subject: str
    press: str
    reaction: str
    pick: int
    waits: bool


def choose(random: Random, users: int) -> Action:
    """The next action."""
    return Action(
        kind=random.choices(list(_KINDS), list(_KINDS.values()))[0],
        member=random.randrange(users),
        count=random.randint(1, 4),
        subject=random.choice(_SUBJECTS),
        press=random.choice(_PRESSES),
        reaction=random.choice(_REACTIONS),
        pick=random.randrange(1000),
        waits=random.random() < 0.5,
    )


MOST_TOGETHER = 6
"""The most requests that one action makes."""


class Members:
    """Carries out actions, and remembers what each interaction asked for."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.expected: dict[str, Asked] = {}
        """The requests that each interaction makes, if it is accepted."""
        self._start = _small_picture()

    @property
    def accepted(self) -> int:
        """The number of requests that were acknowledged so far."""
        interactions = self._crowd.observed.interactions
        return sum(
            asked.requests
            for id, asked in self.expected.items()
            if id in interactions and interactions[id]["type"] == DEFERRED
        )

    async def act(self, action: Action) -> None:
        """Do it, and wait for the answer; what Discord's client refuses is left."""
        try:
            id = await self._sent(action)
        except Refused:
            return
        if id is None or await self._answer(id) != DEFERRED or not action.waits:
            return
        message_id = self._crowd.observed.interactions[id]["message"]
        await self._crowd.until(lambda seen: _is_over(seen, message_id), PATIENCE_SECONDS)

    async def _sent(self, action: Action) -> str | None:
        """Send what an action needs; the interaction whose answer is worth waiting for."""
        member, prompt = action.member, f"a red {action.subject}"
        drawn: Json = {"prompt": prompt, "steps": 2, "count": action.count}
        match action.kind:
            case "together":
                braces = "{red, blue, green}"
                return await self._asks(3, member, "imagine", {"prompt": f"a {braces} {action.subject}", "steps": 2})
            case "many":
                return await self._draws_many(action)
            case "compare":
                options = {"prompt": prompt, "parameter": "steps", "values": "1, 2, 3"}
                return await self._asks(1, member, "compare", options)
            case "from_picture":
                return await self._asks(1, member, "imagine", drawn | {"count": 1}, self._start)
            case "private":
                return await self._asks(1, member, "imagine", drawn | {"private": True})
            case "broken" | "harmful":
                word = BROKEN if action.kind == "broken" else HARMFUL
                return await self._asks(1, member, "imagine", drawn | {"prompt": f"{prompt} {word}"})
            case "press":
                return await self._presses(action)
            case "react":
                if message := self._result(action):
                    await self._crowd.react(member, message, action.reaction)
                return None
            case "cancel":
                return await self._cancels(action)
        return await self._asks(1, member, "imagine", drawn)

    async def _asks(self, requests: int, member: int, name: str, options: Json, picture: bytes = b"") -> str:
        id = await self._crowd.command(member, name, options, picture)
        self.expected[id] = Asked(requests)
        return id

    async def _draws_many(self, action: Action) -> str | None:
        """Ask for more than the bot draws without a question, and answer the question."""
        prompt = f"a {{red, blue, green}} {action.subject} in {{snow, rain}}"
        id = await self._crowd.command(action.member, "imagine", {"prompt": prompt, "steps": 2})
        await self._answer(id)
        question = self._crowd.observed.messages.get(self._outcome(id).get("message") or "", {})
        for custom_id in custom_ids_of(question):
            if custom_id.startswith(_DRAW):
                pressed = await self._crowd.press(action.member, question, custom_id)
                self.expected[pressed] = Asked(MOST_TOGETHER, draft=custom_id.removeprefix(_DRAW))
                return pressed
        return None

    async def _presses(self, action: Action) -> str | None:
        message = self._result(action, own=action.press == "delete")
        pattern = re.compile(rf"noisefox:{action.press}:\d+:\d")
        buttons = [each for each in custom_ids_of(message or {}) if pattern.fullmatch(each)]
        if message is None or not buttons:
            return None
        id = await self._crowd.press(action.member, message, buttons[action.pick % len(buttons)])
        if action.press == "remix":
            return await self._submits(action.member, message["channel_id"], id)
        if action.press in ("favourite", "delete"):
            return None
        self.expected[id] = Asked()
        return id

    async def _submits(self, member: int, channel: str, opened_by: str) -> str | None:
        """Submit the form that opened, as it is filled in."""
        await self._answer(opened_by)
        modal = self._outcome(opened_by).get("modal")
        if not modal:
            return None
        values = {}
        for part in parts_of(modal["components"]):
            if part.get("type") == 4:
                values[part["custom_id"]] = part.get("value", "")
            elif part.get("options"):
                values[part["custom_id"]] = [each["value"] for each in part["options"] if each.get("default")]
        id = await self._crowd.submit(member, channel, opened_by, modal, values)
        self.expected[id] = Asked()
        return id

    async def _cancels(self, action: Action) -> str | None:
        """Begin a request, and cancel it as soon as there is a button for that."""
        options = {"prompt": f"a {action.subject}", "steps": 2, "count": 4}
        id = await self._asks(1, action.member, "imagine", options)
        if await self._answer(id) != DEFERRED:
            return None
        message_id = self._outcome(id)["message"]

        def button(seen: Observed) -> str:
            ids = custom_ids_of(seen.messages.get(message_id, {}))
            return next((each for each in ids if each.startswith("noisefox:cancel:")), "")

        await self._crowd.until(lambda seen: bool(button(seen)) or _is_over(seen, message_id), PATIENCE_SECONDS)
        if pressed := button(self._crowd.observed):
            await self._crowd.press(action.member, self._crowd.observed.messages[message_id], pressed)
        return id

    def _result(self, action: Action, own: bool = False) -> Json | None:
        """A finished picture that the member sees, one of the latest."""
        me = user_id(action.member)
        seen = [
            message
            for message in list(self._crowd.observed.messages.values())[-200:]
            if not message.get("deleted") and message["ephemeral_for"] is None and message["dm_of"] is None
            if _is_result(message) and (not own or _asker(message) == me)
        ]
        return seen[-1 - action.pick % min(len(seen), 20)] if seen else None

    async def _answer(self, id: str) -> int:
        """Wait for the answer to an interaction; its response type, 0 where none came."""
        await self._crowd.until(lambda seen: id in seen.interactions, ANSWER_SECONDS)
        answered: int = self._outcome(id).get("type", 0)
        return answered

    def _outcome(self, id: str) -> Json:
        return self._crowd.observed.interactions.get(id, {})


def _is_result(message: Json) -> bool:
    return has_pictures(message) and any(each.startswith("noisefox:delete:") for each in custom_ids_of(message))


def _is_over(seen: Observed, message_id: str) -> bool:
    message = seen.messages.get(message_id, {})
    ids = custom_ids_of(message)
    return bool(message.get("deleted")) or any(
        each.startswith(("noisefox:delete:", "noisefox:reroll:")) for each in ids
    )


def _asker(message: Json) -> str:
    asked: str = (message.get("interaction_metadata") or {}).get("user", {}).get("id", "")
    return asked


def _small_picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64), "orange").save(file, "PNG")
    return file.getvalue()
