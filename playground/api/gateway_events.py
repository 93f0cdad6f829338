"""Dispatches gateway events to the bot when messages, reactions, channels and threads change."""

from playground.api.gateway import Gateway, Intent
from playground.errors import Json
from playground.state.guild_objects import channel_object, member_object
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, GUILD_ID, Channel, World


class GatewayEvents:
    """Listens to the state and dispatches what the bot may see.

    The bot gets no events of ephemeral messages, nor of messages in channels that it isn't a member of.
    """

    def __init__(self, world: World, messages: Messages, gateway: Gateway) -> None:
        self._world = world
        self._messages = messages
        self._gateway = gateway
        messages.on_change.append(self._message_changed)
        messages.on_delete.append(self._message_deleted)
        messages.on_reaction.append(self._reaction_changed)
        world.on_channel_create.append(self._channel_created)
        world.on_channel_update.append(self._channel_updated)
        world.on_channel_delete.append(self._channel_deleted)
        world.on_role_delete.append(self._role_deleted)

    def _visible_channel(self, message: Message) -> Channel | None:
        """Return the channel of a message, None when the bot doesn't see the message."""
        channel = self._world.channels[message.channel_id]
        return None if message.ephemeral_for is not None or channel.is_outside else channel

    def _message_changed(self, message: Message, is_new: bool) -> None:
        channel = self._visible_channel(message)
        if channel is None:
            return
        data = self._messages.message_object(message, BOT_ID) | _guild_id(channel)
        author = self._world.users[message.author_id]
        if not channel.is_dm:
            data["member"] = {name: value for name, value in member_object(author).items() if name != "user"}
            if not author.bot and BOT_ID not in message.mentions:
                data |= {"content": "", "embeds": [], "attachments": [], "components": []}
        self._gateway.dispatch("MESSAGE_CREATE" if is_new else "MESSAGE_UPDATE", data, _message_intent(channel))

    def _message_deleted(self, message: Message) -> None:
        channel = self._visible_channel(message)
        if channel is not None:
            data = {"id": str(message.id), "channel_id": str(channel.id)} | _guild_id(channel)
            self._gateway.dispatch("MESSAGE_DELETE", data, _message_intent(channel))

    def _reaction_changed(self, message: Message, user_id: int, emoji: str, added: bool) -> None:
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
        } | _guild_id(channel)
        if added:
            data |= {"message_author_id": str(message.author_id), "burst_colors": []}
            if not channel.is_dm:
                data["member"] = member_object(self._world.users[user_id])
        intent = Intent.DIRECT_MESSAGE_REACTIONS if channel.is_dm else Intent.GUILD_MESSAGE_REACTIONS
        self._gateway.dispatch("MESSAGE_REACTION_ADD" if added else "MESSAGE_REACTION_REMOVE", data, intent)

    def _channel_created(self, channel: Channel) -> None:
        if channel.parent_id is not None:
            self._gateway.dispatch("THREAD_CREATE", channel_object(self._world, channel), Intent.GUILDS)

    def _channel_updated(self, channel: Channel) -> None:
        if not channel.is_dm:
            event = "CHANNEL_UPDATE" if channel.parent_id is None else "THREAD_UPDATE"
            self._gateway.dispatch(event, channel_object(self._world, channel), Intent.GUILDS)

    def _channel_deleted(self, channel: Channel) -> None:
        if channel.parent_id is None:
            self._gateway.dispatch("CHANNEL_DELETE", channel_object(self._world, channel), Intent.GUILDS)
            return
        thread = channel_object(self._world, channel)
        deleted = {name: thread[name] for name in ("id", "guild_id", "parent_id", "type")}
        self._gateway.dispatch("THREAD_DELETE", deleted, Intent.GUILDS)

    def _role_deleted(self, role_id: int) -> None:
        self._gateway.dispatch("GUILD_ROLE_DELETE", {"guild_id": str(GUILD_ID), "role_id": str(role_id)}, Intent.GUILDS)


def _guild_id(channel: Channel) -> Json:
    return {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}


def _message_intent(channel: Channel) -> Intent:
    return Intent.DIRECT_MESSAGES if channel.is_dm else Intent.GUILD_MESSAGES
