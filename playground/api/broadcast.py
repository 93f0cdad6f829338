"""Tells the bot, over the gateway, and the people, over server-sent events, what has changed."""

import asyncio
import json
from collections.abc import Callable, Iterable

from aiohttp import web

from playground.api.gateway import Gateway, Intent
from playground.errors import Json
from playground.state.commands import Commands
from playground.state.interactions import Answer, Interaction, Interactions
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, Channel, World

_PING_SECONDS = 15.0


class Audience:
    """The people who listen; each listener gets the events of its user in order."""

    def __init__(self) -> None:
        self._listeners: list[tuple[int, asyncio.Queue[bytes]]] = []

    def tell(self, user_ids: Iterable[int], event: str, data: Callable[[int], object]) -> None:
        """Sends an event to the listeners of some users; `data` is asked once per listener, with the user's id."""
        wanted = set(user_ids)
        for user_id, queue in self._listeners:
            if user_id in wanted:
                queue.put_nowait(f"event: {event}\ndata: {json.dumps(data(user_id))}\n\n".encode())

    def close(self) -> None:
        """Ends all streams."""
        for _, queue in self._listeners:
            queue.put_nowait(b"")

    async def serve(self, request: web.Request, user_id: int) -> web.StreamResponse:
        """The event stream of one listener, until it goes away; a comment keeps it alive."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners.append((user_id, queue))
        try:
            await response.prepare(request)
            await response.write(b": open\n\n")
            while True:
                try:
                    chunk = await asyncio.wait_for(queue.get(), _PING_SECONDS)
                except TimeoutError:
                    chunk = b": ping\n\n"
                if not chunk:
                    return response
                await response.write(chunk)
        except ConnectionResetError:
            return response
        finally:
            self._listeners.remove((user_id, queue))


class Broadcast:
    """Hears of every change in the world and passes it on."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: Interactions,
        gateway: Gateway,
        audience: Audience,
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._gateway = gateway
        self._audience = audience
        messages.on_change.append(self._message_changed)
        messages.on_delete.append(self._message_deleted)
        messages.on_reaction.append(self._reaction_changed)
        commands.on_change.append(self._commands_changed)
        interactions.on_answer.append(self._answered)
        interactions.on_failure.append(self._failed)
        gateway.on_presence.append(self._presence_changed)

    def _place(self, channel: Channel) -> Json:
        return {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}

    def _show(self, message: Message) -> None:
        channel = self._world.channels[message.channel_id]
        viewers = self._world.audience(channel) if message.ephemeral_for is None else {message.ephemeral_for}
        self._audience.tell(viewers, "message", lambda viewer: self._messages.page_json(message, viewer))

    def _message_changed(self, message: Message, new: bool) -> None:
        self._show(message)
        channel = self._world.channels[message.channel_id]
        if message.ephemeral_for is not None or channel.is_outside:
            return
        document = self._messages.to_json(message, BOT_ID) | self._place(channel)
        author = self._world.users[message.author_id]
        if not channel.is_dm:
            document["member"] = self._without_user(self._world.member_json(author))
            if not author.bot and BOT_ID not in message.mentions:
                document |= {"content": "", "embeds": [], "attachments": [], "components": []}
        intent = Intent.DIRECT_MESSAGES if channel.is_dm else Intent.GUILD_MESSAGES
        self._gateway.dispatch("MESSAGE_CREATE" if new else "MESSAGE_UPDATE", document, intent)

    @staticmethod
    def _without_user(member: Json) -> Json:
        return {name: value for name, value in member.items() if name != "user"}

    def _message_deleted(self, message: Message) -> None:
        channel = self._world.channels[message.channel_id]
        gone = {"id": str(message.id), "channel_id": str(message.channel_id)}
        viewers = self._world.audience(channel) if message.ephemeral_for is None else {message.ephemeral_for}
        self._audience.tell(viewers, "message_delete", lambda viewer: gone)
        if message.ephemeral_for is None and not channel.is_outside:
            intent = Intent.DIRECT_MESSAGES if channel.is_dm else Intent.GUILD_MESSAGES
            self._gateway.dispatch("MESSAGE_DELETE", gone | self._place(channel), intent)

    def _reaction_changed(self, message: Message, user_id: int, emoji: str, on: bool) -> None:
        self._show(message)
        channel = self._world.channels[message.channel_id]
        if channel.is_outside:
            return
        data = {
            "user_id": str(user_id),
            "channel_id": str(message.channel_id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        } | self._place(channel)
        if on:
            data |= {"message_author_id": str(message.author_id), "burst_colors": []}
            if not channel.is_dm:
                data["member"] = self._world.member_json(self._world.users[user_id])
        intent = Intent.DIRECT_REACTIONS if channel.is_dm else Intent.GUILD_REACTIONS
        self._gateway.dispatch("MESSAGE_REACTION_ADD" if on else "MESSAGE_REACTION_REMOVE", data, intent)

    def _commands_changed(self) -> None:
        users = self._world.users
        everyone = [user.id for user in self._world.people()]
        self._audience.tell(everyone, "commands", lambda viewer: self._commands.visible_to(users[viewer]))

    def _answered(self, answer: Answer) -> None:
        def data(viewer: int) -> Json:
            message = answer.message and self._messages.page_json(answer.message, viewer)
            return {
                "interaction_id": str(answer.interaction.id),
                "type": answer.type,
                "message": message,
                "modal": answer.modal,
                "choices": answer.choices,
            }

        self._audience.tell({answer.interaction.user_id}, "answer", data)

    def _failed(self, interaction: Interaction) -> None:
        data = {"interaction_id": str(interaction.id), "message": "The application did not respond"}
        self._audience.tell({interaction.user_id}, "failure", lambda viewer: data)

    def _presence_changed(self, online: bool) -> None:
        everyone = [user.id for user in self._world.people()]
        self._audience.tell(everyone, "bot", lambda viewer: {"online": online})

    def typing(self, channel: Channel) -> None:
        """Shows that the bot is typing."""
        self._audience.tell(self._world.audience(channel), "typing", lambda viewer: {"channel_id": str(channel.id)})

    def channels_changed(self, channel_id: int, *, is_new_thread: bool = False) -> None:
        """A DM channel or a thread appeared, or what somebody may do in a channel changed; the bot is not told of a
        DM."""
        channel = self._world.channels[channel_id]
        if not channel.is_dm:
            change = "THREAD_UPDATE" if channel.parent_id else "CHANNEL_UPDATE"
            event = "THREAD_CREATE" if is_new_thread else change
            self._gateway.dispatch(event, self._world.channel_json(channel), Intent.GUILDS)
        told = {channel.recipient_id} if channel.recipient_id else {user.id for user in self._world.people()}
        self._audience.tell(told, "channels", lambda viewer: page_channels(self._world, viewer))


def page_channels(world: World, viewer_id: int) -> list[Json]:
    """The channels of the page API that a person sees."""
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
