"""Routes of the HTTP API: application commands, global ones and those of the guild."""

from aiohttp import web

from playground.api.guilds import require_guild
from playground.api.http import BODY, json_payload, json_response, snowflake
from playground.errors import ApiError
from playground.state.commands import GLOBAL, Commands, Scope
from playground.state.world import BOT_ID, GUILD_ID


class CommandRoutes:
    """Reads and syncs the commands of the application."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def routes(self) -> list[web.RouteDef]:
        """Return all routes, relative to the API's base."""
        everywhere = "/applications/{application}/commands"
        in_guild = "/applications/{application}/guilds/{guild}/commands"
        return [
            route
            for commands in (everywhere, in_guild)
            for route in (
                web.get(commands, self._get_commands),
                web.put(commands, self._put_commands),
                web.post(commands, self._post_command),
                web.get(commands + "/{command}", self._get_command),
                web.patch(commands + "/{command}", self._patch_command),
                web.delete(commands + "/{command}", self._delete_command),
            )
        ]

    def _scope(self, request: web.Request) -> Scope:
        if snowflake(request, "application") != BOT_ID:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        if "guild" not in request.match_info:
            return GLOBAL
        require_guild(request)
        return Scope(GUILD_ID)

    async def _get_commands(self, request: web.Request) -> web.Response:
        return json_response(self._commands.all(self._scope(request)))

    async def _put_commands(self, request: web.Request) -> web.Response:
        return json_response(self._commands.replace_all(self._scope(request), request[BODY].payload))

    async def _post_command(self, request: web.Request) -> web.Response:
        command, new = self._commands.upsert(self._scope(request), json_payload(request))
        return json_response(command, status=201 if new else 200)

    async def _get_command(self, request: web.Request) -> web.Response:
        return json_response(self._commands.get(self._scope(request), snowflake(request, "command")))

    async def _patch_command(self, request: web.Request) -> web.Response:
        scope, id = self._scope(request), snowflake(request, "command")
        return json_response(self._commands.edit(scope, id, json_payload(request)))

    async def _delete_command(self, request: web.Request) -> web.Response:
        self._commands.delete(self._scope(request), snowflake(request, "command"))
        return web.Response(status=204)
