"""Routes of the HTTP API: the gateway's URL, users, the application, the guild."""

from aiohttp import web

from playground.api.gateway import Gateway
from playground.api.http import json_payload, json_response, snowflake
from playground.errors import ApiError, Json
from playground.state.guild_objects import channel_object, guild_object, member_object, role_object, user_object
from playground.state.store import iso_timestamp, snowflake_time
from playground.state.world import ADMIN_ID, BOT_ID, GUILD_ID, World


def require_guild(request: web.Request) -> None:
    """ApiError 10004 unless the path names the bot's guild."""
    if snowflake(request, "guild") != GUILD_ID:
        raise ApiError(404, 10004)


class GuildRoutes:
    """Routes of the gateway's URL, users, the application, and the guild with its channels, roles and members."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def routes(self) -> list[web.RouteDef]:
        """Return all routes, relative to the API's base."""
        return [
            web.get("/gateway", self._get_gateway),
            web.get("/gateway/bot", self._get_gateway),
            web.get("/users/@me", self._get_me),
            web.get("/users/{user}", self._get_user),
            web.get("/users/@me/guilds", self._get_guilds),
            web.post("/users/@me/channels", self._open_dm),
            web.get("/oauth2/applications/@me", self._get_application),
            web.get("/applications/@me", self._get_application),
            web.get("/applications/{application}/emojis", self._get_application_emojis),
            web.get("/guilds/{guild}", self._get_guild),
            web.get("/guilds/{guild}/channels", self._get_guild_channels),
            web.get("/guilds/{guild}/roles", self._get_roles),
            web.get("/guilds/{guild}/members", self._get_members),
            web.get("/guilds/{guild}/members/{user}", self._get_member),
            web.get("/channels/{channel}/thread-members/{user}", self._get_thread_member),
        ]

    async def _get_gateway(self, request: web.Request) -> web.Response:
        session_starts = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        bot = {"shards": 1, "session_start_limit": session_starts} if request.path.endswith("bot") else {}
        return json_response({"url": self._gateway.url} | bot)

    async def _get_me(self, request: web.Request) -> web.Response:
        return json_response(user_object(self._world.bot) | {"verified": True, "mfa_enabled": False, "flags": 0})

    async def _get_user(self, request: web.Request) -> web.Response:
        return json_response(user_object(self._world.user(snowflake(request, "user"))))

    async def _get_guilds(self, request: web.Request) -> web.Response:
        guild = guild_object(self._world)
        return json_response([{name: guild[name] for name in ("id", "name", "icon", "banner", "features")}])

    async def _open_dm(self, request: web.Request) -> web.Response:
        recipient = str(json_payload(request).get("recipient_id", ""))
        channel = self._world.open_dm(int(recipient) if recipient.isdecimal() else 0)
        return json_response(channel_object(self._world, channel))

    async def _get_application(self, request: web.Request) -> web.Response:
        owner = user_object(self._world.users[ADMIN_ID])
        application: Json = {
            "id": str(BOT_ID),
            "name": self._world.bot.username,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": owner,
            "team": None,
            "bot": user_object(self._world.bot),
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "integration_types_config": {"0": {}, "1": {}},
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
        }
        return json_response(application)

    async def _get_application_emojis(self, request: web.Request) -> web.Response:
        return json_response({"items": []})

    async def _get_guild(self, request: web.Request) -> web.Response:
        require_guild(request)
        counts = {"approximate_member_count": len(self._world.users), "approximate_presence_count": 1}
        return json_response(guild_object(self._world) | counts)

    async def _get_guild_channels(self, request: web.Request) -> web.Response:
        require_guild(request)
        channels = [channel for channel in self._world.guild_channels() if channel.parent_id is None]
        return json_response([channel_object(self._world, channel) for channel in channels])

    async def _get_roles(self, request: web.Request) -> web.Response:
        require_guild(request)
        return json_response([role_object(self._world, id) for id in self._world.roles])

    async def _get_members(self, request: web.Request) -> web.Response:
        require_guild(request)
        return json_response([member_object(user) for user in self._world.users.values()])

    async def _get_member(self, request: web.Request) -> web.Response:
        require_guild(request)
        id = snowflake(request, "user")
        if id not in self._world.users:
            raise ApiError(404, 10007)
        return json_response(member_object(self._world.users[id]))

    async def _get_thread_member(self, request: web.Request) -> web.Response:
        thread, user = self._world.channel(snowflake(request, "channel")), snowflake(request, "user")
        if user not in thread.invited:
            raise ApiError(404, 10007)
        joined = iso_timestamp(snowflake_time(thread.id))
        return json_response({"id": str(thread.id), "user_id": str(user), "join_timestamp": joined, "flags": 0})
