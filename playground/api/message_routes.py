"""Routes of channels, their messages and reactions, and of interaction callbacks and webhooks."""

from collections.abc import Callable

from aiohttp import web

from playground.api.json_response import json_answer
from playground.api.rest import BODY, payload_of, snowflake
from playground.errors import ApiError, Json
from playground.state.interactions import Answer, Interaction, Interactions
from playground.state.message import EPHEMERAL, REPLY, Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, Channel, Permission, World
from playground.validation.form_errors import Form


class MessageRoutes:
    """What the bot may do in channels it sees."""

    def __init__(self, world: World, messages: Messages, on_typing: Callable[[Channel], None]) -> None:
        self._world = world
        self._messages = messages
        self._on_typing = on_typing

    def routes(self) -> list[web.RouteDef]:
        """All routes, relative to the API's base."""
        messages = "/channels/{channel}/messages"
        message = messages + "/{message}"
        reactions = message + "/reactions"
        return [
            web.get("/channels/{channel}", self._get_channel),
            web.post("/channels/{channel}/typing", self._type),
            web.get(messages, self._get_messages),
            web.post(messages, self._post),
            web.get(message, self._get),
            web.patch(message, self._patch),
            web.delete(message, self._delete),
            web.put(reactions + "/{emoji}/@me", self._react),
            web.get(reactions + "/{emoji}", self._get_reactions),
            web.delete(reactions + "/{emoji}/{user}", self._unreact),
            web.delete(reactions, self._clear_reactions),
            web.delete(reactions + "/{emoji}", self._clear_reactions),
        ]

    def _channel(self, request: web.Request, *needed: Permission) -> Channel:
        channel = self._world.channel(snowflake(request, "channel"))
        self._world.require(channel, *needed)
        return channel

    def _message(self, request: web.Request, *needed: Permission) -> Message:
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY, *needed)
        message = self._messages.find(channel.id, snowflake(request, "message"))
        if message.ephemeral_for is not None:
            raise ApiError(404, 10008)
        return message

    def _json(self, message: Message) -> web.Response:
        return json_answer(self._messages.to_json(message, BOT_ID))

    async def _get_channel(self, request: web.Request) -> web.Response:
        return json_answer(self._world.channel_json(self._channel(request)))

    async def _type(self, request: web.Request) -> web.Response:
        self._on_typing(self._channel(request, Permission.SEND_MESSAGES))
        return web.Response(status=204)

    async def _get_messages(self, request: web.Request) -> web.Response:
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        query = request.query
        form = Form()
        for name in query.keys() & {"limit", "before", "after", "around"}:
            if not query[name].isdecimal():
                form.at(name).refuse("NUMBER_TYPE_COERCE", f'Value "{query[name]}" is not int.')
        form.raise_if_any()
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
        return json_answer([self._messages.to_json(message, BOT_ID) for message in reversed(found)])

    async def _post(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        speaking = Permission.SEND_MESSAGES if channel.parent_id is None else Permission.SEND_MESSAGES_IN_THREADS
        self._world.require(channel, speaking)
        body = request[BODY]
        if body.files:
            self._world.require(channel, Permission.ATTACH_FILES)
        if channel.recipient_id in self._world.closed_dms:
            raise ApiError(403, 50007)
        payload = payload_of(request)
        known = self._reply(channel, payload)
        return self._json(self._messages.create(channel.id, BOT_ID, payload, body.uploads, **known))

    def _reply(self, channel: Channel, payload: Json) -> Json:
        """Fields of a message that answers another; refuses an unknown one unless the body says not to."""
        form = Form()
        reference = form.mapping(payload, "message_reference")
        if not reference:
            form.raise_if_any()
            return {}
        self._world.require(channel, Permission.READ_MESSAGE_HISTORY)
        id = str(reference.get("message_id", ""))
        try:
            replied = self._messages.find(channel.id, int(id) if id.isdecimal() else 0)
        except ApiError:
            if reference.get("fail_if_not_exists", True):
                form.at("message_reference").refuse("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
                form.raise_if_any()
            return {}
        return {"type": REPLY, "reference": self._messages.reply_reference(replied)}

    async def _get(self, request: web.Request) -> web.Response:
        return self._json(self._message(request))

    async def _patch(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message.author_id != BOT_ID:
            raise ApiError(403, 50005)
        body = request[BODY]
        if body.files:
            self._world.require(self._world.channel(message.channel_id), Permission.ATTACH_FILES)
        return self._json(self._messages.edit(message, payload_of(request), body.uploads))

    async def _delete(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message.author_id != BOT_ID:
            self._world.require(self._world.channel(message.channel_id), Permission.MANAGE_MESSAGES)
        self._messages.delete(message)
        return web.Response(status=204)

    async def _react(self, request: web.Request) -> web.Response:
        emoji = request.match_info["emoji"]
        message = self._message(request)
        if emoji not in message.reactions:
            self._world.require(self._world.channel(message.channel_id), Permission.ADD_REACTIONS)
        self._messages.react(message, BOT_ID, emoji, on=True)
        return web.Response(status=204)

    async def _get_reactions(self, request: web.Request) -> web.Response:
        users = self._message(request).reactions.get(request.match_info["emoji"], [])
        return json_answer([self._world.users[id].to_json() for id in users])

    async def _unreact(self, request: web.Request) -> web.Response:
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


class InteractionRoutes:
    """Answers to interactions, and edits and follow-ups by their tokens. These routes need no bot token."""

    def __init__(self, interactions: Interactions, messages: Messages) -> None:
        self._interactions = interactions
        self._messages = messages

    def routes(self) -> list[web.RouteDef]:
        """All routes, relative to the API's base."""
        webhook = "/webhooks/{application}/{token}"
        message = webhook + "/messages/{message}"
        return [
            web.post("/interactions/{interaction}/{token}/callback", self._acknowledge),
            web.post(webhook, self._follow_up),
            web.get(message, self._get),
            web.patch(message, self._patch),
            web.delete(message, self._delete),
        ]

    async def _acknowledge(self, request: web.Request) -> web.Response:
        id, token = snowflake(request, "interaction"), request.match_info["token"]
        answer = self._interactions.acknowledge(id, token, payload_of(request), request[BODY].uploads)
        if request.query.get("with_response", "false").lower() not in ("true", "1"):
            return web.Response(status=204)
        return json_answer(self._callback_json(answer))

    def _callback_json(self, answer: Answer) -> Json:
        interaction: Json = {"id": str(answer.interaction.id), "type": answer.interaction.kind}
        resource: Json = {"type": answer.type}
        if (message := answer.message) is not None:
            interaction |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            }
            resource["message"] = self._messages.to_json(message, BOT_ID)
        return {"interaction": interaction, "resource": resource}

    def _interaction(self, request: web.Request) -> Interaction:
        return self._interactions.by_token(snowflake(request, "application"), request.match_info["token"])

    def _message(self, request: web.Request) -> Message:
        return self._interactions.message(self._interaction(request), request.match_info["message"])

    def _json(self, message: Message) -> web.Response:
        return json_answer(self._messages.to_json(message, BOT_ID))

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._interaction(request)
        return self._json(self._interactions.follow_up(interaction, payload_of(request), request[BODY].uploads))

    async def _get(self, request: web.Request) -> web.Response:
        return self._json(self._message(request))

    async def _patch(self, request: web.Request) -> web.Response:
        message = self._message(request)
        return self._json(self._messages.edit(message, payload_of(request), request[BODY].uploads))

    async def _delete(self, request: web.Request) -> web.Response:
        self._messages.delete(self._message(request))
        return web.Response(status=204)
