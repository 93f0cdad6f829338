"""Interactions in the API: the INTERACTION_CREATE event, and the routes of responses, follow-ups and edits."""

from aiohttp import web

from playground.api.http import BODY, json_payload, json_response, snowflake
from playground.errors import Json
from playground.state.guild_objects import channel_object, member_object, user_object
from playground.state.interactions import Interaction, Interactions, Response
from playground.state.message import EPHEMERAL, Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, World

_GUILD, _BOT_DM, _PRIVATE_CHANNEL = 0, 1, 2
"""Interaction context types."""


def interaction_object(
    interaction: Interaction, data: Json, world: World, messages: Messages, source: Message | None, locale: str
) -> Json:
    """Write the data of INTERACTION_CREATE. `source` is the message whose component was used, `locale` the user's."""
    channel = world.channels[interaction.channel_id]
    user = world.users[interaction.user_id]
    permissions = str(world.permissions(user, channel))
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(BOT_ID),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": channel_object(world, channel) | {"permissions": permissions},
        "app_permissions": str(world.permissions(world.bot, channel)),
        "locale": locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": world.file_limit,
    }
    owners = {"1": str(user.id)} if channel.is_outside else {"0": str(channel.guild_id or 0)}
    if channel.guild_id is None:
        payload |= {
            "user": user_object(user),
            "context": _BOT_DM if channel.is_dm else _PRIVATE_CHANNEL,
            "authorizing_integration_owners": owners,
        }
    else:
        payload |= {
            "member": member_object(user) | {"permissions": permissions},
            "guild_id": str(channel.guild_id),
            "guild": {"id": str(channel.guild_id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "context": _GUILD,
            "authorizing_integration_owners": owners,
        }
    if source is not None:
        payload["message"] = messages.message_object(source, BOT_ID)
    return payload


class InteractionRoutes:
    """Initial responses to interactions; follow-ups and edits with the interaction's token. They need no bot token."""

    def __init__(self, interactions: Interactions, messages: Messages) -> None:
        self._interactions = interactions
        self._messages = messages

    def routes(self) -> list[web.RouteDef]:
        """Return all routes, relative to the API's base."""
        webhook = "/webhooks/{application}/{token}"
        message = webhook + "/messages/{message}"
        return [
            web.post("/interactions/{interaction}/{token}/callback", self._respond),
            web.post(webhook, self._follow_up),
            web.get(message, self._get_message),
            web.patch(message, self._edit_message),
            web.delete(message, self._delete_message),
        ]

    async def _respond(self, request: web.Request) -> web.Response:
        id, token = snowflake(request, "interaction"), request.match_info["token"]
        response = self._interactions.respond(id, token, json_payload(request), request[BODY].uploads)
        if request.query.get("with_response", "false").lower() not in ("true", "1"):
            return web.Response(status=204)
        return json_response(self._callback_object(response))

    def _callback_object(self, response: Response) -> Json:
        interaction: Json = {"id": str(response.interaction.id), "type": response.interaction.kind}
        resource: Json = {"type": response.type}
        if (message := response.message) is not None:
            interaction |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            }
            resource["message"] = self._messages.message_object(message, BOT_ID)
        return {"interaction": interaction, "resource": resource}

    def _interaction(self, request: web.Request) -> Interaction:
        return self._interactions.by_token(snowflake(request, "application"), request.match_info["token"])

    def _message(self, request: web.Request) -> Message:
        return self._interactions.message(self._interaction(request), request.match_info["message"])

    def _json(self, message: Message) -> web.Response:
        return json_response(self._messages.message_object(message, BOT_ID))

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._interaction(request)
        return self._json(self._interactions.follow_up(interaction, json_payload(request), request[BODY].uploads))

    async def _get_message(self, request: web.Request) -> web.Response:
        return self._json(self._message(request))

    async def _edit_message(self, request: web.Request) -> web.Response:
        message = self._message(request)
        return self._json(self._messages.edit(message, json_payload(request), request[BODY].uploads))

    async def _delete_message(self, request: web.Request) -> web.Response:
        message = self._message(request)
        self._messages.check_deletable(message)
        self._messages.delete(message)
        return web.Response(status=204)
