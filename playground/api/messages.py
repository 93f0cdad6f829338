"""Routes of the HTTP API: channels, their messages and reactions."""

from collections.abc import Callable

from aiohttp import web

from playground.api.http import BODY, json_payload, json_response, snowflake
from playground.errors import ApiError, Json
from playground.state.guild_objects import channel_object, user_object
from playground.state.message import REPLY, Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, Channel, Permission, World
from playground.validation.form import Form


class MessageRoutes:
    """Reads, posts, edits and deletes messages and reactions. `on_typing` is called when the bot starts typing."""

    def __init__(self, world: World, messages: Messages, on_typing: Callable[[Channel], None]) -> None:
        self._world = world
        self._messages = messages
        self._on_typing = on_typing

    def routes(self) -> list[web.RouteDef]:
        """Return all routes, relative to the API's base."""
        messages = "/channels/{channel}/messages"
        message = messages + "/{message}"
        reactions = message + "/reactions"
        return [
            web.get("/channels/{channel}", self._get_channel),
            web.post("/channels/{channel}/typing", self._start_typing),
            web.get(messages, self._get_messages),
            web.post(messages, self._create_message),
            web.get(message, self._get_message),
            web.patch(message, self._edit_message),
            web.delete(message, self._delete_message),
            web.put(reactions + "/{emoji}/@me", self._add_reaction),
            web.get(reactions + "/{emoji}", self._get_reactions),
            web.delete(reactions + "/{emoji}/{user}", self._remove_reaction),
            web.delete(reactions, self._clear_reactions),
            web.delete(reactions + "/{emoji}", self._clear_reactions),
        ]

    def _channel(self, request: web.Request, *required: Permission) -> Channel:
        channel = self._world.channel(snowflake(request, "channel"))
        self._world.require_permissions(channel, *required)
        return channel

    def _message(self, request: web.Request, *required: Permission) -> Message:
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY, *required)
        message = self._messages.find(channel.id, snowflake(request, "message"))
        if message.ephemeral_for is not None:
            raise ApiError(404, 10008)
        return message

    def _json(self, message: Message) -> web.Response:
        return json_response(self._messages.message_object(message, BOT_ID))

    async def _get_channel(self, request: web.Request) -> web.Response:
        return json_response(channel_object(self._world, self._channel(request)))

    async def _start_typing(self, request: web.Request) -> web.Response:
        self._on_typing(self._channel(request, Permission.SEND_MESSAGES))
        return web.Response(status=204)

    async def _get_messages(self, request: web.Request) -> web.Response:
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        query = request.query
        form = Form()
        for name in query.keys() & {"limit", "before", "after", "around"}:
            if not query[name].isdecimal():
                form.at(name).add_error("NUMBER_TYPE_COERCE", f'Value "{query[name]}" is not int.')
        form.raise_if_invalid()
        limit = min(100, int(query.get("limit", 50)))
        found = self._messages.in_channel(channel.id, BOT_ID, last=1_000_000)
        if "after" in query:
            found = [message for message in found if message.id > int(query["after"])][:limit]
        elif "around" in query:
            middle = int(query["around"])
            nearest = sorted(found, key=lambda message: abs(message.id - middle))[:limit]
            found = sorted(nearest, key=lambda message: message.id)
        else:
            before = int(query.get("before", 1 << 63))
            found = [message for message in found if message.id < before][-limit:]
        return json_response([self._messages.message_object(message, BOT_ID) for message in reversed(found)])

    async def _create_message(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        posting = Permission.SEND_MESSAGES if channel.parent_id is None else Permission.SEND_MESSAGES_IN_THREADS
        self._world.require_permissions(channel, posting)
        body = request[BODY]
        if body.files:
            self._world.require_permissions(channel, Permission.ATTACH_FILES)
        if channel.recipient_id in self._world.closed_dms:
            raise ApiError(403, 50007)
        payload = json_payload(request)
        fields = self._reply_fields(channel, payload)
        return self._json(self._messages.create(channel.id, BOT_ID, payload, body.uploads, **fields))

    def _reply_fields(self, channel: Channel, payload: Json) -> Json:
        """Return type and reference of a reply, {} for no reply.

        ApiError 50035 for a reply to an unknown message, unless `fail_if_not_exists` is false.
        """
        form = Form()
        reference = form.mapping(payload, "message_reference")
        if not reference:
            form.raise_if_invalid()
            return {}
        self._world.require_permissions(channel, Permission.READ_MESSAGE_HISTORY)
        id = str(reference.get("message_id", ""))
        try:
            replied = self._messages.find(channel.id, int(id) if id.isdecimal() else 0)
        except ApiError:
            if reference.get("fail_if_not_exists", True):
                form.at("message_reference").add_error("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
                form.raise_if_invalid()
            return {}
        return {"type": REPLY, "reference": self._messages.reply_reference(replied)}

    async def _get_message(self, request: web.Request) -> web.Response:
        return self._json(self._message(request))

    async def _edit_message(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message.author_id != BOT_ID:
            raise ApiError(403, 50005)
        body = request[BODY]
        if body.files:
            self._world.require_permissions(self._world.channel(message.channel_id), Permission.ATTACH_FILES)
        return self._json(self._messages.edit(message, json_payload(request), body.uploads))

    async def _delete_message(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message.author_id != BOT_ID:
            self._world.require_permissions(self._world.channel(message.channel_id), Permission.MANAGE_MESSAGES)
        self._messages.check_deletable(message)
        self._messages.delete(message)
        return web.Response(status=204)

    async def _add_reaction(self, request: web.Request) -> web.Response:
        emoji = request.match_info["emoji"]
        message = self._message(request)
        if emoji not in message.reactions:
            self._world.require_permissions(self._world.channel(message.channel_id), Permission.ADD_REACTIONS)
        self._messages.react(message, BOT_ID, emoji, on=True)
        return web.Response(status=204)

    async def _get_reactions(self, request: web.Request) -> web.Response:
        users = sorted(self._message(request).reactions.get(request.match_info["emoji"], []))
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 25))
        return json_response([user_object(self._world.users[id]) for id in users if id > after][:limit])

    async def _remove_reaction(self, request: web.Request) -> web.Response:
        own = request.match_info["user"] == "@me"
        message = self._message(request) if own else self._message(request, Permission.MANAGE_MESSAGES)
        user_id = BOT_ID if own else snowflake(request, "user")
        self._messages.react(message, user_id, request.match_info["emoji"], on=False)
        return web.Response(status=204)

    async def _clear_reactions(self, request: web.Request) -> web.Response:
        message = self._message(request, Permission.MANAGE_MESSAGES)
        only = request.match_info.get("emoji")
        for emoji, users in list(message.reactions.items()):
            for user_id in users if only in (None, emoji) else ():
                self._messages.react(message, user_id, emoji, on=False)
        return web.Response(status=204)
