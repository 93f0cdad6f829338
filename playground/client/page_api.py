"""The JSON API of the chat page: what a person sees, and what a person does."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.api.bodies import read_body
from playground.api.broadcast import Audience, page_channels
from playground.api.gateway import Gateway
from playground.api.json_response import json_answer
from playground.api.payloads import interaction_payload
from playground.client.component_input import component_data, modal_data
from playground.client.identity import Identity, person_with_id
from playground.client.option_input import OptionReader, Resolved, leaf, nested, save_upload
from playground.errors import ApiError, Json, PageRefusal
from playground.state.attachments import Attachments
from playground.state.cdn import Cdn
from playground.state.commands import CHAT_INPUT, MESSAGE_MENU, Commands
from playground.state.interactions import (
    ACKNOWLEDGE_SECONDS,
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Answer,
    Interaction,
    Interactions,
)
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import ARTISTS_ROLE_ID, BOT_ID, GUILD_ID, GUILD_NAME, Permission, World

_Action = Callable[[Identity], Awaitable[Json]]


class PageApi:
    """Routes under /page."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: Interactions,
        attachments: Attachments,
        cdn: Cdn,
        gateway: Gateway,
        audience: Audience,
        on_dm: Callable[[int], None],
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._attachments = attachments
        self._cdn = cdn
        self._gateway = gateway
        self._audience = audience
        self._on_dm = on_dm
        self._completions: dict[int, asyncio.Future[list[Json]]] = {}
        self._watch: asyncio.Task[None] | None = None
        interactions.on_answer.append(self._completed)

    def routes(self) -> list[web.RouteDef]:
        """All routes of the page API."""
        actions: dict[str, _Action] = {
            "/page/commands": self._command,
            "/page/autocomplete": self._autocomplete,
            "/page/components": self._component,
            "/page/modals": self._modal,
            "/page/reactions": self._react,
            "/page/messages": self._write,
            "/page/messages/delete": self._delete,
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
                return json_answer(await action(Identity(self._world, body)))
            except PageRefusal as refusal:
                return json_answer({"message": str(refusal)}, status=refusal.status)
            except ApiError as error:
                return json_answer({"message": error.message}, status=400)

        return handle

    async def _state(self, request: web.Request) -> web.Response:
        try:
            user = person_with_id(self._world, request.query.get("user", ""))
        except PageRefusal as refusal:
            return json_answer({"message": str(refusal)}, status=refusal.status)
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
                    self._messages.page_json(message, user.id)
                    for message in self._messages.in_channel(int(channel["id"]), user.id)
                ]
                for channel in channels
            },
        }
        return json_answer(state)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            user = person_with_id(self._world, request.query.get("user", ""))
        except PageRefusal as refusal:
            return json_answer({"message": str(refusal)}, status=refusal.status)
        return await self._audience.serve(request, user.id)

    def _send(self, acting: Identity, interaction: Interaction, data: Json, source: Message | None = None) -> Json:
        """Tells the bot of an interaction, and watches that it answers in time."""
        payload = interaction_payload(interaction, data, self._world, self._messages, source, acting.locale)
        self._gateway.dispatch("INTERACTION_CREATE", payload)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_pending())
        return {"interaction_id": str(interaction.id)}

    async def _watch_pending(self) -> None:
        """Looks at the injected clock, which no timer follows, while anything waits for an answer."""
        while self._interactions.pending():
            await asyncio.sleep(0.05)
            self._interactions.fail_overdue()

    def close(self) -> None:
        """Stops watching."""
        if self._watch is not None:
            self._watch.cancel()

    def _found(self, acting: Identity, path: list[str], kind: int) -> Json:
        """The command a person means; PageRefusal where it is hidden."""
        if not path:
            raise PageRefusal("path is empty.")
        channel = acting.channel
        for command in self._commands.visible_to(acting.user, channel):
            if command["name"] == path[0] and command["type"] == kind:
                return command
        shown = f"/{path[0]}" if kind == CHAT_INPUT else path[0]
        if any((item["name"], item["type"]) == (path[0], kind) for item in self._commands.visible_to(acting.user)):
            raise PageRefusal(f"{shown} cannot be used in this channel.", 403)
        raise PageRefusal(f"There is no command {shown} that you may use.", 403)

    def _reader(self, acting: Identity) -> OptionReader:
        resolved = Resolved(self._world, acting.channel)
        return OptionReader(resolved, self._attachments, self._cdn, acting.body.files)

    async def _command(self, acting: Identity) -> Json:
        kind = acting.value("type", int, CHAT_INPUT)
        path = [str(name) for name in acting.value("path", list)]
        command = self._found(acting, path, kind)
        reader = self._reader(acting)
        data: Json = {"id": command["id"], "name": command["name"], "type": kind}
        metadata: Json = {"name": " ".join(path)}
        if kind == CHAT_INPUT:
            options = reader.read(leaf(command, path), acting.value("options", dict, {}))
            data["options"] = nested(command, path, options)
        elif kind == MESSAGE_MENU:
            target = acting.message(self._messages, "target")
            reader.resolved.message(target.id, self._messages.to_json(target, BOT_ID))
            data["target_id"] = metadata["target_message_id"] = str(target.id)
        else:
            data["target_id"] = target_id = str(acting.data.get("target", ""))
            if not target_id.isdecimal() or not reader.resolved.user(int(target_id)):
                raise PageRefusal("There is no such user.", 404)
        if reader.resolved.document:
            data["resolved"] = reader.resolved.document
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        interaction = self._interactions.open(COMMAND, acting.user.id, acting.channel.id, metadata, command_type=kind)
        return self._send(acting, interaction, data)

    async def _autocomplete(self, acting: Identity) -> Json:
        path = [str(name) for name in acting.value("path", list)]
        focused = acting.value("focused", str)
        command = self._found(acting, path, CHAT_INPUT)
        definitions = leaf(command, path)
        options = self._reader(acting).read_partial(definitions, acting.value("options", dict, {}), focused)
        option_type = next(item["type"] for item in definitions if item["name"] == focused)
        interaction = self._interactions.open(
            AUTOCOMPLETE, acting.user.id, acting.channel.id, {}, option_type=option_type
        )
        data = {"id": command["id"], "name": command["name"], "type": CHAT_INPUT}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        completion = self._completions[interaction.id] = asyncio.get_running_loop().create_future()
        self._send(acting, interaction, data | {"options": nested(command, path, options)})
        try:
            choices = await asyncio.wait_for(completion, ACKNOWLEDGE_SECONDS)
        except TimeoutError:
            choices = []
        finally:
            del self._completions[interaction.id]
        return {"choices": choices}

    def _completed(self, answer: Answer) -> None:
        completion = self._completions.get(answer.interaction.id)
        if completion is not None and not completion.done():
            completion.set_result(answer.choices or [])

    async def _component(self, acting: Identity) -> Json:
        message = acting.message(self._messages)
        if message.author_id != BOT_ID:
            raise PageRefusal("This message has no such component.")
        resolved = Resolved(self._world, acting.channel)
        values = acting.data.get("values")
        data = component_data(message.components, acting.value("custom_id", str), values, resolved)
        if resolved.document:
            data["resolved"] = resolved.document
        interaction = self._interactions.open(
            COMPONENT,
            acting.user.id,
            acting.channel.id,
            {"interacted_message_id": str(message.id)},
            source_id=message.id,
        )
        return self._send(acting, interaction, data, source=message)

    async def _modal(self, acting: Identity) -> Json:
        id = str(acting.data.get("interaction_id", ""))
        opener = self._interactions.get(int(id)) if id.isdecimal() else None
        if opener is None or opener.modal is None or opener.user_id != acting.user.id:
            raise PageRefusal("There is no such form open.", 404)
        if opener.modal["custom_id"] != acting.data.get("custom_id"):
            raise PageRefusal("There is no such form open.", 404)
        channel = acting.channel
        resolved = Resolved(self._world, channel)

        components = modal_data(
            opener.modal,
            acting.value("components", dict, {}),
            acting.body.files,
            resolved,
            lambda upload: save_upload(upload, channel, self._attachments, self._cdn, resolved),
        )
        data: Json = {"custom_id": opener.modal["custom_id"], "components": components}
        if resolved.document:
            data["resolved"] = resolved.document
        interaction = self._interactions.open(
            MODAL_SUBMIT,
            acting.user.id,
            channel.id,
            {"triggering_interaction_metadata": self._metadata_json(opener)},
            source_id=opener.source_id,
            command_type=opener.command_type,
        )
        source = self._messages.find(channel.id, opener.source_id) if opener.source_id else None
        return self._send(acting, interaction, data, source=source)

    def _metadata_json(self, interaction: Interaction) -> Json:
        return interaction.metadata | {"user": self._world.users[interaction.user_id].to_json()}

    async def _react(self, acting: Identity) -> Json:
        message = acting.message(self._messages)
        if message.ephemeral_for is not None:
            raise PageRefusal("Messages that only you can see take no reactions.")
        emoji = acting.value("emoji", str)
        self._messages.react(message, acting.user.id, emoji, acting.value("on", bool, True))
        return {}

    async def _write(self, acting: Identity) -> Json:
        channel = acting.channel
        if not self._world.permissions(acting.user, channel) & Permission.SEND_MESSAGES:
            raise PageRefusal("You may not write here.", 403)
        content = acting.value("content", str)
        message = self._messages.create(channel.id, acting.user.id, {"content": content}, acting.body.uploads)
        return self._messages.page_json(message, acting.user.id)

    async def _open_dm(self, acting: Identity) -> Json:
        channel, new = self._world.dm(acting.user.id)
        if new:
            self._on_dm(channel.id)
        channels = page_channels(self._world, acting.user.id)
        return {"channel": next(item for item in channels if item["id"] == str(channel.id))}

    async def _delete(self, acting: Identity) -> Json:
        message = acting.message(self._messages)
        own = message.author_id == acting.user.id or message.ephemeral_for == acting.user.id
        if not own and not (acting.user.admin and acting.channel.guild_id is not None):
            raise PageRefusal("You may only delete your own messages.", 403)
        self._messages.delete(message)
        return {}
