"""Live events of the page API: server-sent events with everything that a person can see."""

import asyncio
import json
from collections.abc import Callable, Iterable

from aiohttp import web

from playground.api.gateway import Gateway
from playground.errors import Json
from playground.state.commands import Commands
from playground.state.interactions import Interaction, Interactions, Response
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import Channel, World

_KEEP_ALIVE_SECONDS = 15.0


class EventStreams:
    """The open event streams. Each gets the events of its user, in order."""

    def __init__(self) -> None:
        self._streams: list[tuple[int, asyncio.Queue[bytes]]] = []

    def send(self, user_ids: Iterable[int], event: str, data: Callable[[int], object]) -> None:
        """Send an event to the streams of some users. `data` is called with the user's id, once per stream."""
        recipients = set(user_ids)
        for user_id, queue in self._streams:
            if user_id in recipients:
                queue.put_nowait(f"event: {event}\ndata: {json.dumps(data(user_id))}\n\n".encode())

    def close(self) -> None:
        """End all streams."""
        for _, queue in self._streams:
            queue.put_nowait(b"")

    async def serve(self, request: web.Request, user_id: int) -> web.StreamResponse:
        """Serve one stream until the client disconnects. Comments keep it alive."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._streams.append((user_id, queue))
        try:
            await response.prepare(request)
            await response.write(b": open\n\n")
            while True:
                try:
                    chunk = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    chunk = b": ping\n\n"
                if not chunk:
                    return response
                await response.write(chunk)
        except ConnectionResetError:
            return response
        finally:
            self._streams.remove((user_id, queue))


class PageEvents:
    """Listens to the state, the interactions and the gateway, and sends each person the events they may see."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: Interactions,
        gateway: Gateway,
        streams: EventStreams,
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._streams = streams
        messages.on_change.append(lambda message, is_new: self._message_changed(message))
        messages.on_delete.append(self._message_deleted)
        messages.on_reaction.append(lambda message, user_id, emoji, added: self._message_changed(message))
        commands.on_change.append(self._commands_changed)
        interactions.on_response.append(self._interaction_responded)
        interactions.on_failure.append(self._interaction_failed)
        gateway.on_presence.append(self._presence_changed)
        world.on_channel_create.append(self._channels_changed)
        world.on_channel_update.append(self._channels_changed)
        world.on_channel_delete.append(self._channels_changed)

    def _everyone(self) -> set[int]:
        return {user.id for user in self._world.people()}

    def _viewers(self, message: Message) -> set[int]:
        if message.ephemeral_for is not None:
            return {message.ephemeral_for}
        return self._world.viewers(self._world.channels[message.channel_id])

    def _message_changed(self, message: Message) -> None:
        self._streams.send(
            self._viewers(message), "message", lambda viewer_id: self._messages.page_object(message, viewer_id)
        )

    def _message_deleted(self, message: Message) -> None:
        data = {"id": str(message.id), "channel_id": str(message.channel_id)}
        self._streams.send(self._viewers(message), "message_delete", lambda _: data)

    def _commands_changed(self) -> None:
        users = self._world.users
        self._streams.send(self._everyone(), "commands", lambda viewer_id: self._commands.visible_to(users[viewer_id]))

    def _interaction_responded(self, response: Response) -> None:
        def data(viewer_id: int) -> Json:
            return {
                "interaction_id": str(response.interaction.id),
                "type": response.type,
                "message": response.message and self._messages.page_object(response.message, viewer_id),
                "modal": response.modal,
                "choices": response.choices,
            }

        self._streams.send({response.interaction.user_id}, "answer", data)

    def _interaction_failed(self, interaction: Interaction) -> None:
        data = {"interaction_id": str(interaction.id), "message": "The application did not respond"}
        self._streams.send({interaction.user_id}, "failure", lambda _: data)

    def _presence_changed(self, online: bool) -> None:
        self._streams.send(self._everyone(), "bot", lambda _: {"online": online})

    def _channels_changed(self, channel: Channel) -> None:
        users = self._everyone() if channel.recipient_id is None else {channel.recipient_id}
        self._streams.send(users, "channels", lambda viewer_id: page_channels(self._world, viewer_id))

    def bot_is_typing(self, channel: Channel) -> None:
        """Show that the bot is typing in a channel."""
        data = {"channel_id": str(channel.id)}
        self._streams.send(self._world.viewers(channel), "typing", lambda _: data)


def page_channels(world: World, viewer_id: int) -> list[Json]:
    """Write the channels that a person can view, as the page API's objects."""
    return [
        {
            "id": str(channel.id),
            "name": world.bot.username if channel.is_dm else channel.name,
            "type": channel.type,
            "nsfw": channel.nsfw,
            "parent": None if channel.parent_id is None else str(channel.parent_id),
            "outside": channel.is_outside,
            "recipient": str(channel.recipient_id) if channel.is_dm else None,
        }
        for channel in world.visible_channels(viewer_id)
    ]
