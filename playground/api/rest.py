"""Discord's HTTP API: what every request goes through, and the routes of users, application, guild and commands."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from playground.api.bodies import Body, read_body
from playground.api.gateway import Gateway
from playground.api.json_response import json_answer
from playground.api.rate_limits import Faults, RateLimits, too_many
from playground.errors import ApiError, Json
from playground.state.commands import GLOBAL, Commands, Scope
from playground.state.snowflakes import created_at, iso_timestamp
from playground.state.world import BOT_ID, GUILD_ID, World

BODY = web.RequestKey("body", Body)

_OPEN_PATHS = re.compile(r"^/(interactions/\d+/[^/]+/callback|webhooks/\d+/[^/]+(/.*)?|gateway)$")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def payload_of(request: web.Request) -> Json:
    """The body as an object, {} when there was none; ApiError 50035 for a list or a bare value."""
    payload = request[BODY].payload
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise ApiError(400, 50035, errors={"_errors": [{"code": "MODEL_TYPE_CONVERT", "message": "Not an object."}]})
    return payload


def snowflake(request: web.Request, name: str) -> int:
    """An id from the path; ApiError 50035 when it is not a number."""
    text = request.match_info[name]
    if not text.isdecimal():
        code = {"code": "NUMBER_TYPE_COERCE", "message": f'Value "{text}" is not snowflake.'}
        raise ApiError(400, 50035, errors={name: {"_errors": [code]}})
    return int(text)


class Front:
    """Middleware: reads, records and authorizes each request, counts it, lets it fail when a test asked for that."""

    def __init__(
        self, token: str, world: World, rates: RateLimits, faults: Faults, record: Path | None, prefix: str
    ) -> None:
        self._token = token
        self._world = world
        self._rates = rates
        self._faults = faults
        self._record = record
        self._prefix = prefix

    async def _respond(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        path = request.path.removeprefix(self._prefix)
        body = await read_body(request)
        request[BODY] = body
        self._write_down(request, body)
        headers, wait = self._rates.count(request.method, path)
        failure = self._faults.answer(request.method, path, headers)
        if failure is not None:
            return failure
        if wait is not None:
            return too_many(headers, wait)
        if not _OPEN_PATHS.match(path) and request.headers.get("Authorization") != f"Bot {self._token}":
            raise ApiError(401, 0, "401: Unauthorized")
        body.check_sizes(self._world.file_limit)
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _write_down(self, request: web.Request, body: Body) -> None:
        if self._record is not None:
            path = request.path_qs.removeprefix(self._prefix)
            line = {"method": request.method, "path": path, "content_type": body.content_type, "body": body.payload}
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def middleware(self) -> Any:
        """The middleware; refusals become Discord's JSON errors."""

        @web.middleware
        async def front(request: web.Request, handler: _Handler) -> web.StreamResponse:
            try:
                return await self._respond(request, handler)
            except ApiError as error:
                return json_answer(error.body(), status=error.status)
            except web.HTTPException as error:
                message = {"message": f"{error.status}: {error.reason}", "code": 0}
                return json_answer(message, status=error.status)

        return front


class Rest:
    """Routes of users, application, guild and commands."""

    def __init__(self, world: World, commands: Commands, gateway: Gateway, on_dm: Callable[[int], None]) -> None:
        self._world = world
        self._commands = commands
        self._gateway = gateway
        self._on_dm = on_dm

    def routes(self) -> list[web.RouteDef]:
        """All routes, relative to the API's base."""
        commands = "/applications/{application}/commands"
        in_guild = "/applications/{application}/guilds/{guild}/commands"
        by_id = "/{command}"
        return [
            web.get("/gateway", self._get_gateway),
            web.get("/gateway/bot", self._get_gateway),
            web.get("/users/@me", self._get_me),
            web.get("/users/{user}", self._get_user),
            web.get("/users/@me/guilds", self._get_guilds),
            web.post("/users/@me/channels", self._open_dm),
            web.get("/oauth2/applications/@me", self._get_application),
            web.get("/applications/@me", self._get_application),
            web.get("/applications/{application}/emojis", self._get_no_emojis),
            web.get("/guilds/{guild}", self._get_guild),
            web.get("/guilds/{guild}/channels", self._get_guild_channels),
            web.get("/guilds/{guild}/roles", self._get_roles),
            web.get("/guilds/{guild}/members", self._get_members),
            web.get("/guilds/{guild}/members/{user}", self._get_member),
            web.get("/channels/{channel}/thread-members/{user}", self._get_thread_member),
            *(
                route
                for base in (commands, in_guild)
                for route in (
                    web.get(base, self._get_commands),
                    web.put(base, self._put_commands),
                    web.post(base, self._post_command),
                    web.get(base + by_id, self._get_command),
                    web.patch(base + by_id, self._patch_command),
                    web.delete(base + by_id, self._delete_command),
                )
            ),
        ]

    async def _get_gateway(self, request: web.Request) -> web.Response:
        starts = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        bot = {"shards": 1, "session_start_limit": starts} if request.path.endswith("bot") else {}
        return json_answer({"url": self._gateway.url} | bot)

    async def _get_me(self, request: web.Request) -> web.Response:
        return json_answer(self._world.bot.to_json() | {"verified": True, "mfa_enabled": False, "flags": 0})

    async def _get_user(self, request: web.Request) -> web.Response:
        return json_answer(self._world.user(snowflake(request, "user")).to_json())

    async def _get_guilds(self, request: web.Request) -> web.Response:
        guild = self._world.guild_json()
        return json_answer([{name: guild[name] for name in ("id", "name", "icon", "banner", "features")}])

    async def _open_dm(self, request: web.Request) -> web.Response:
        recipient = str(payload_of(request).get("recipient_id", ""))
        channel, new = self._world.dm(int(recipient) if recipient.isdecimal() else 0)
        document = self._world.channel_json(channel)
        if new:
            self._on_dm(channel.id)
        return json_answer(document)

    async def _get_application(self, request: web.Request) -> web.Response:
        owner = self._world.users[int(self._world.guild_json()["owner_id"])].to_json()
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
            "bot": self._world.bot.to_json(),
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "integration_types_config": {"0": {}, "1": {}},
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
        }
        return json_answer(application)

    async def _get_no_emojis(self, request: web.Request) -> web.Response:
        return json_answer({"items": []})

    def _require_guild(self, request: web.Request) -> None:
        if snowflake(request, "guild") != GUILD_ID:
            raise ApiError(404, 10004)

    async def _get_guild(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        counts = {"approximate_member_count": len(self._world.users), "approximate_presence_count": 1}
        return json_answer(self._world.guild_json() | counts)

    async def _get_guild_channels(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        channels = [channel for channel in self._world.guild_channels() if channel.parent_id is None]
        return json_answer([self._world.channel_json(channel) for channel in channels])

    async def _get_roles(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return json_answer([self._world.role_json(id) for id in self._world.roles])

    async def _get_members(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return json_answer([self._world.member_json(user) for user in self._world.users.values()])

    async def _get_member(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        id = snowflake(request, "user")
        if id not in self._world.users:
            raise ApiError(404, 10007)
        return json_answer(self._world.member_json(self._world.users[id]))

    async def _get_thread_member(self, request: web.Request) -> web.Response:
        thread, user = self._world.channel(snowflake(request, "channel")), snowflake(request, "user")
        if user not in thread.invited:
            raise ApiError(404, 10007)
        joined = iso_timestamp(created_at(thread.id))
        return json_answer({"id": str(thread.id), "user_id": str(user), "join_timestamp": joined, "flags": 0})

    def _scope(self, request: web.Request) -> Scope:
        if snowflake(request, "application") != BOT_ID:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        if "guild" not in request.match_info:
            return GLOBAL
        self._require_guild(request)
        return Scope(GUILD_ID)

    async def _get_commands(self, request: web.Request) -> web.Response:
        return json_answer(self._commands.all(self._scope(request)))

    async def _put_commands(self, request: web.Request) -> web.Response:
        return json_answer(self._commands.replace_all(self._scope(request), request[BODY].payload))

    async def _post_command(self, request: web.Request) -> web.Response:
        command, new = self._commands.upsert(self._scope(request), payload_of(request))
        return json_answer(command, status=201 if new else 200)

    async def _get_command(self, request: web.Request) -> web.Response:
        return json_answer(self._commands.get(self._scope(request), snowflake(request, "command")))

    async def _patch_command(self, request: web.Request) -> web.Response:
        scope, id = self._scope(request), snowflake(request, "command")
        return json_answer(self._commands.edit(scope, id, payload_of(request)))

    async def _delete_command(self, request: web.Request) -> web.Response:
        self._commands.remove(self._scope(request), snowflake(request, "command"))
        return web.Response(status=204)
