"""Who acts on the chat page, and on what."""

from typing import Any

from playground.api.bodies import Body
from playground.errors import ApiError, Json, PageRefusal
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import Channel, User, World
from playground.validation.commands import LOCALES


class Identity:
    """One call of the page API: who acts, where, with what body."""

    def __init__(self, world: World, body: Body) -> None:
        self.body = body
        if not isinstance(body.payload, dict):
            raise PageRefusal("The body must be a JSON object.")
        self.data: Json = body.payload
        self.user = person_with_id(world, str(self.data.get("user")))
        self._world = world

    @property
    def channel(self) -> Channel:
        """The channel it happens in; PageRefusal when the person does not see it."""
        id = self._id("channel")
        for channel in self._world.visible_channels(self.user.id):
            if channel.id == id:
                return channel
        raise PageRefusal("There is no such channel.", 404)

    @property
    def locale(self) -> str:
        """The language the person reads; PageRefusal for one that Discord does not have."""
        locale: str = self.value("locale", str, "en-US")
        if locale not in LOCALES:
            raise PageRefusal(f"{locale[:20]} is not a locale of Discord.")
        return locale

    def _id(self, name: str) -> int:
        text = str(self.data.get(name, ""))
        return int(text) if text.isdecimal() else 0

    def message(self, messages: Messages, name: str = "message") -> Message:
        """The message it is about; PageRefusal when the person does not see it."""
        try:
            message = messages.find(self.channel.id, self._id(name))
        except ApiError:
            raise PageRefusal("There is no such message.", 404) from None
        if message.ephemeral_for not in (None, self.user.id):
            raise PageRefusal("There is no such message.", 404)
        return message

    def value(self, name: str, kind: type, default: Any = None) -> Any:
        """A field of the body; PageRefusal when it is not of that type."""
        value = self.data.get(name, default)
        if not isinstance(value, kind):
            raise PageRefusal(f"{name} is missing or of the wrong type.")
        return value


def person_with_id(world: World, id: str) -> User:
    """The person a call names; PageRefusal for the bot and for strangers."""
    user = world.users.get(int(id)) if id.isdecimal() else None
    if user is None or user.bot:
        raise PageRefusal("There is no such user.", 403)
    return user
