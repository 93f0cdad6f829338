"""A call of the page API: who acts, in which channel, with which body."""

from typing import Any

from playground.api.http import Body
from playground.errors import ApiError, Json, PageRefusal
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import Channel, User, World
from playground.validation.commands import LOCALES


class PageRequest:
    """The body of a call, checked. PageRefusal when it isn't an object or names no person."""

    def __init__(self, world: World, body: Body) -> None:
        self.body = body
        if not isinstance(body.payload, dict):
            raise PageRefusal("The body must be a JSON object.")
        self.data: Json = body.payload
        self.user = person_with_id(world, str(self.data.get("user")))
        self._world = world

    @property
    def channel(self) -> Channel:
        """The channel of the call. PageRefusal when the person can't view it."""
        id = self._id("channel")
        for channel in self._world.visible_channels(self.user.id):
            if channel.id == id:
                return channel
        raise PageRefusal("There is no such channel.", 404)

    @property
    def locale(self) -> str:
        """The person's language. PageRefusal when Discord doesn't have it."""
        locale: str = self.value("locale", str, "en-US")
        if locale not in LOCALES:
            raise PageRefusal(f"{locale[:20]} isn't a language that Discord has.")
        return locale

    def _id(self, name: str) -> int:
        text = str(self.data.get(name, ""))
        return int(text) if text.isdecimal() else 0

    def message(self, messages: Messages, name: str = "message") -> Message:
        """Return the message whose id is under `name`. PageRefusal when the person can't see it."""
        try:
            message = messages.find(self.channel.id, self._id(name))
        except ApiError:
            raise PageRefusal("There is no such message.", 404) from None
        if message.ephemeral_for not in (None, self.user.id):
            raise PageRefusal("There is no such message.", 404)
        return message

    def value(self, name: str, kind: type, default: Any = None) -> Any:
        """Return a field of the body. PageRefusal when it has another type."""
        value = self.data.get(name, default)
        if not isinstance(value, kind):
            raise PageRefusal(f"{name} is missing or of the wrong type.")
        return value


def person_with_id(world: World, id: str) -> User:
    """Return a person by id. PageRefusal for the bot and for unknown ids."""
    user = world.users.get(int(id)) if id.isdecimal() else None
    if user is None or user.bot:
        raise PageRefusal("There is no such user.", 403)
    return user
