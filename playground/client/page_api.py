"""The JSON API of the chat page: the state that a person sees, and routes for everything a person does."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.api.gateway import Gateway
from playground.api.http import json_response, read_body
from playground.api.interactions import interaction_object
from playground.client.component_input import component_data, modal_data
from playground.client.events import EventStreams, page_channels
from playground.client.option_input import OptionReader, nest_options, options_at
from playground.client.page_request import PageRequest, person_with_id
from playground.client.resolved_data import ResolvedData, save_upload
from playground.errors import ApiError, Json, PageRefusal
from playground.state.attachments import Attachments
from playground.state.cdn import Cdn
from playground.state.commands import CHAT_INPUT, MESSAGE_MENU, Commands
from playground.state.guild_objects import user_object
from playground.state.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    RESPONSE_SECONDS,
    Interaction,
    Interactions,
    Response,
)
from playground.state.message import Message
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
        interactions: Interactions,
        attachments: Attachments,
        cdn: Cdn,
        gateway: Gateway,
        streams: EventStreams,
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._attachments = attachments
        self._cdn = cdn
        self._gateway = gateway
        self._streams = streams
        self._autocompletes: dict[int, asyncio.Future[list[Json]]] = {}
        self._watch: asyncio.Task[None] | None = None
        interactions.on_response.append(self._autocompleted)

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of the page API."""
        actions: dict[str, _Action] = {
            "/page/commands": self._command,
            "/page/autocomplete": self._autocomplete,
            "/page/components": self._component,
            "/page/modals": self._modal,
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
                "roles": [{"id": str(ARTISTS_ROLE_ID), "name": self._world.roles[ARTISTS_ROLE_ID]}],
            },
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

    def _send(self, request: PageRequest, interaction: Interaction, data: Json, source: Message | None = None) -> Json:
        """Dispatch INTERACTION_CREATE to the bot, and watch that it responds in time."""
        event = interaction_object(interaction, data, self._world, self._messages, source, request.locale)
        self._gateway.dispatch("INTERACTION_CREATE", event)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_pending())
        return {"interaction_id": str(interaction.id)}

    async def _watch_pending(self) -> None:
        """Fail overdue interactions while any is pending. Polls, because tests set the clock forward."""
        while self._interactions.pending():
            await asyncio.sleep(0.05)
            self._interactions.fail_overdue()

    def close(self) -> None:
        """Stop watching for overdue interactions."""
        if self._watch is not None:
            self._watch.cancel()

    def _find_command(self, request: PageRequest, path: list[str], kind: int) -> Json:
        """Return the command at `path`. PageRefusal when the person can't use it here."""
        if not path:
            raise PageRefusal("path is empty.")
        channel = request.channel
        for command in self._commands.visible_to(request.user, channel):
            if command["name"] == path[0] and command["type"] == kind:
                return command
        shown = f"/{path[0]}" if kind == CHAT_INPUT else path[0]
        if any((item["name"], item["type"]) == (path[0], kind) for item in self._commands.visible_to(request.user)):
            raise PageRefusal(f"{shown} can't be used in this channel.", 403)
        raise PageRefusal(f"There is no command {shown} that you can use.", 403)

    def _reader(self, request: PageRequest) -> OptionReader:
        resolved = ResolvedData(self._world, request.channel)
        return OptionReader(resolved, self._attachments, self._cdn, request.body.files)

    async def _command(self, request: PageRequest) -> Json:
        kind = request.value("type", int, CHAT_INPUT)
        path = [str(name) for name in request.value("path", list)]
        command = self._find_command(request, path, kind)
        reader = self._reader(request)
        data: Json = {"id": command["id"], "name": command["name"], "type": kind}
        metadata: Json = {"name": " ".join(path)}
        if kind == CHAT_INPUT:
            options = reader.read(options_at(command, path), request.value("options", dict, {}))
            data["options"] = nest_options(command, path, options)
        elif kind == MESSAGE_MENU:
            target = request.message(self._messages, "target")
            reader.resolved.add_message(target.id, self._messages.message_object(target, BOT_ID))
            data["target_id"] = metadata["target_message_id"] = str(target.id)
        else:
            data["target_id"] = target_id = str(request.data.get("target", ""))
            if not target_id.isdecimal() or not reader.resolved.add_user(int(target_id)):
                raise PageRefusal("There is no such user.", 404)
        if reader.resolved.document:
            data["resolved"] = reader.resolved.document
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        interaction = self._interactions.create(
            COMMAND, request.user.id, request.channel.id, metadata, command_type=kind
        )
        return self._send(request, interaction, data)

    async def _autocomplete(self, request: PageRequest) -> Json:
        path = [str(name) for name in request.value("path", list)]
        focused = request.value("focused", str)
        command = self._find_command(request, path, CHAT_INPUT)
        definitions = options_at(command, path)
        options = self._reader(request).read_partial(definitions, request.value("options", dict, {}), focused)
        option_type = next(item["type"] for item in definitions if item["name"] == focused)
        interaction = self._interactions.create(
            AUTOCOMPLETE, request.user.id, request.channel.id, {}, option_type=option_type
        )
        data = {"id": command["id"], "name": command["name"], "type": CHAT_INPUT}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        autocomplete = self._autocompletes[interaction.id] = asyncio.get_running_loop().create_future()
        self._send(request, interaction, data | {"options": nest_options(command, path, options)})
        try:
            choices = await asyncio.wait_for(autocomplete, RESPONSE_SECONDS)
        except TimeoutError:
            choices = []
        finally:
            del self._autocompletes[interaction.id]
        return {"choices": choices}

    def _autocompleted(self, response: Response) -> None:
        autocomplete = self._autocompletes.get(response.interaction.id)
        if autocomplete is not None and not autocomplete.done():
            autocomplete.set_result(response.choices or [])

    async def _component(self, request: PageRequest) -> Json:
        message = request.message(self._messages)
        if message.author_id != BOT_ID:
            raise PageRefusal("This message has no such component.")
        resolved = ResolvedData(self._world, request.channel)
        values = request.data.get("values")
        data = component_data(message.components, request.value("custom_id", str), values, resolved)
        if resolved.document:
            data["resolved"] = resolved.document
        interaction = self._interactions.create(
            COMPONENT,
            request.user.id,
            request.channel.id,
            {"interacted_message_id": str(message.id)},
            source_id=message.id,
        )
        return self._send(request, interaction, data, source=message)

    async def _modal(self, request: PageRequest) -> Json:
        id = str(request.data.get("interaction_id", ""))
        opened_by = self._interactions.get(int(id)) if id.isdecimal() else None
        if opened_by is None or opened_by.modal is None or opened_by.user_id != request.user.id:
            raise PageRefusal("This form isn't open any more.", 404)
        if opened_by.modal["custom_id"] != request.data.get("custom_id"):
            raise PageRefusal("This form isn't open any more.", 404)
        channel = request.channel
        resolved = ResolvedData(self._world, channel)

        components = modal_data(
            opened_by.modal,
            request.value("components", dict, {}),
            request.body.files,
            resolved,
            lambda upload: save_upload(upload, channel, self._attachments, self._cdn, resolved),
        )
        data: Json = {"custom_id": opened_by.modal["custom_id"], "components": components}
        if resolved.document:
            data["resolved"] = resolved.document
        interaction = self._interactions.create(
            MODAL_SUBMIT,
            request.user.id,
            channel.id,
            {"triggering_interaction_metadata": self._metadata_object(opened_by)},
            source_id=opened_by.source_id,
            command_type=opened_by.command_type,
        )
        source = self._messages.find(channel.id, opened_by.source_id) if opened_by.source_id else None
        return self._send(request, interaction, data, source=source)

    def _metadata_object(self, interaction: Interaction) -> Json:
        return interaction.metadata | {"user": user_object(self._world.users[interaction.user_id])}

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
        message = self._messages.create(channel.id, request.user.id, {"content": content}, request.body.uploads)
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
