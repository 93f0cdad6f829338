"""The JSON API of the chat page: the state that a person sees, and routes for everything a person does."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from playground.api.gateway import Gateway
from playground.api.http import json_response, read_body
from playground.client.events import EventStreams, page_channels
from playground.client.interactions import PageInteractions
from playground.client.page_request import PageRequest, person_with_id
from playground.errors import ApiError, Json, PageRefusal
from playground.state.commands import Commands
from playground.state.message import REPLY
from playground.state.messages import Messages
from playground.state.world import ARTISTS_ROLE_ID, BOT_ID, GUILD_ID, GUILD_NAME, Permission, World

_Action = Callable[[PageRequest], Awaitable[Json]]


class PageApi:
    """Routes under /page. Every call names the person who acts."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: PageInteractions,
        gateway: Gateway,
        streams: EventStreams,
        note: Mapping[str, str],
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._gateway = gateway
        self._streams = streams
        self._note = note

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of the page API."""
        actions: dict[str, _Action] = {
            "/page/commands": self._interactions.use_command,
            "/page/autocomplete": self._interactions.autocomplete,
            "/page/components": self._interactions.use_component,
            "/page/modals": self._interactions.submit_modal,
            "/page/reactions": self._react,
            "/page/messages": self._create_message,
            "/page/messages/delete": self._delete_message,
            "/page/dms": self._open_dm,
        }
        return [
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            *(web.post(path, self._handler(action)) for path, action in actions.items()),
        ]

    def _handler(self, action: _Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                body = await read_body(request, payload_field="payload")
                return json_response(await action(PageRequest(self._world, body)))
            except PageRefusal as refusal:
                return json_response({"message": str(refusal)}, status=refusal.status)
            except ApiError as error:
                return json_response({"message": error.message}, status=400)

        return handle

    async def _state(self, request: web.Request) -> web.Response:
        try:
            user = person_with_id(self._world, request.query.get("user", ""))
        except PageRefusal as refusal:
            return json_response({"message": str(refusal)}, status=refusal.status)
        channels = page_channels(self._world, user.id)
        state = {
            "users": [
                {"id": str(person.id), "username": person.username, "admin": person.admin, "color": person.color}
                for person in self._world.people()
            ],
            "me": str(user.id),
            "bot": {"id": str(BOT_ID), "username": self._world.bot.username, "online": self._gateway.online},
            "guild": {
                "id": str(GUILD_ID),
                "name": GUILD_NAME,
                "roles": [
                    {"id": str(id), "name": name} for id, name in self._world.roles.items() if id == ARTISTS_ROLE_ID
                ],
            },
            "note": dict(self._note),
            "channels": channels,
            "commands": self._commands.visible_to(user),
            "messages": {
                channel["id"]: [
                    self._messages.page_object(message, user.id)
                    for message in self._messages.in_channel(int(channel["id"]), user.id)
                ]
                for channel in channels
            },
        }
        return json_response(state)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            user = person_with_id(self._world, request.query.get("user", ""))
        except PageRefusal as refusal:
            return json_response({"message": str(refusal)}, status=refusal.status)
        return await self._streams.serve(request, user.id)

    async def _react(self, request: PageRequest) -> Json:
        message = request.message(self._messages)
        if message.ephemeral_for is not None:
            raise PageRefusal("You can't react to a message that only you can see.")
        emoji = request.value("emoji", str)
        self._messages.react(message, request.user.id, emoji, request.value("on", bool, True))
        return {}

    async def _create_message(self, request: PageRequest) -> Json:
        channel = request.channel
        if not self._world.permissions(request.user, channel) & Permission.SEND_MESSAGES:
            raise PageRefusal("You can't send messages in this channel.", 403)
        content = request.value("content", str)
        reply: Json = {}
        if "message" in request.data:
            replied = request.message(self._messages)
            reply = {"type": REPLY, "reference": self._messages.reply_reference(replied)}
        message = self._messages.create(
            channel.id, request.user.id, {"content": content}, request.body.uploads, **reply
        )
        return self._messages.page_object(message, request.user.id)

    async def _open_dm(self, request: PageRequest) -> Json:
        channel = self._world.open_dm(request.user.id)
        channels = page_channels(self._world, request.user.id)
        return {"channel": next(item for item in channels if item["id"] == str(channel.id))}

    async def _delete_message(self, request: PageRequest) -> Json:
        message = request.message(self._messages)
        own = message.author_id == request.user.id or message.ephemeral_for == request.user.id
        if not own and not (request.user.admin and request.channel.guild_id is not None):
            raise PageRefusal("You can only delete your own messages.", 403)
        self._messages.delete(message)
        return {}
