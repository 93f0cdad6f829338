"""Interactions of a person: commands, autocomplete, components and modals, checked and dispatched to the bot."""

import asyncio

from playground.api.gateway import Gateway
from playground.api.interactions import interaction_object
from playground.client.component_input import component_data, modal_data
from playground.client.option_input import OptionReader, nest_options, options_at
from playground.client.page_request import PageRequest
from playground.client.resolved_data import ResolvedData, save_upload
from playground.errors import Json, PageRefusal
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
from playground.state.world import BOT_ID, World


class PageInteractions:
    """Creates interactions. The public methods raise PageRefusal for what Discord's own client doesn't allow."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: Interactions,
        attachments: Attachments,
        cdn: Cdn,
        gateway: Gateway,
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._attachments = attachments
        self._cdn = cdn
        self._gateway = gateway
        self._autocompletes: dict[int, asyncio.Future[list[Json]]] = {}
        self._watch: asyncio.Task[None] | None = None
        interactions.on_response.append(self._autocompleted)

    async def use_command(self, request: PageRequest) -> Json:
        """Use a slash command or a context menu command."""
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

    async def autocomplete(self, request: PageRequest) -> Json:
        """Request the choices of an option. Empty when the bot doesn't respond in time."""
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

    async def use_component(self, request: PageRequest) -> Json:
        """Press a button or choose the values of a select."""
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

    async def submit_modal(self, request: PageRequest) -> Json:
        """Submit a modal."""
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
