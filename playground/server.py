"""The composition root: builds every part and serves all of them on one local port."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from aiohttp import web

from playground.api.commands import CommandRoutes
from playground.api.control import ControlRoutes, Journal
from playground.api.faults import Fault, FaultKind, Faults
from playground.api.gateway import Gateway
from playground.api.gateway_events import GatewayEvents
from playground.api.guilds import GuildRoutes
from playground.api.interactions import InteractionRoutes
from playground.api.messages import MessageRoutes
from playground.api.middleware import ApiMiddleware
from playground.api.rate_limits import RateLimits
from playground.client.events import EventStreams, PageEvents
from playground.client.interactions import PageInteractions
from playground.client.page_api import PageApi
from playground.state.attachments import Attachments
from playground.state.cdn import Cdn
from playground.state.commands import ENTRY_POINT, GLOBAL, Commands
from playground.state.guild_objects import guild_create_object
from playground.state.interactions import Interactions
from playground.state.messages import Messages
from playground.state.store import Store
from playground.state.tokens import BOT_TOKEN
from playground.state.world import GUILD_ID, World

API_PREFIX = "/api/v10"
PAGE = Path(__file__).parent / "page"
_BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of a request body that are read at all. Discord's own limits are smaller and are checked after."""


NO_NOTE: Mapping[str, str] = MappingProxyType({})


class Playground:
    """A local Discord. `async with Playground() as playground:` serves it until the block ends.

    port: 0 for a free one. folder: keeps the state; None for a temporary one.
    record: a file that each API request of the bot is appended to as a JSON line.
    clock: returns Unix seconds; links, tokens and sessions expire by it.
    rate: requests per second and rate limit bucket before a 429.
    members: how many more people there are, called "member 1", "member 2" and so on.
    note: a sentence below the welcome of an empty channel, by the reader's locale, such as "es-ES".
    controlled: whether programs may order faults and read what happened, at /control.
    """

    def __init__(
        self,
        port: int = 0,
        folder: Path | None = None,
        record: Path | None = None,
        clock: Callable[[], float] = time.time,
        rate: int = 50,
        members: int = 0,
        controlled: bool = False,
        note: Mapping[str, str] = NO_NOTE,
    ) -> None:
        self.token = BOT_TOKEN
        self.url = ""
        self.api_base = ""
        self.gateway_url = ""
        self._port = port
        self._clock = clock
        self._temporary = tempfile.TemporaryDirectory(prefix="playground-") if folder is None else None
        self._store = Store(folder or Path(self._temporary.name if self._temporary else ""), clock)
        self._faults = Faults()
        self.world = World(self._store, members)
        self._attachments = Attachments(self._store)
        self._cdn = Cdn(self._attachments, self._store, clock)
        self.messages = Messages(self._store, self.world, self._attachments, self._cdn, clock)
        self._commands = Commands(self._store, self.world)
        self._interactions = Interactions(self._store, self.world, self.messages, clock)
        self._gateway = Gateway(self.world, BOT_TOKEN, clock)
        self._streams = EventStreams()
        self._page_events = PageEvents(
            self.world, self.messages, self._commands, self._interactions, self._gateway, self._streams
        )
        self._gateway_events = GatewayEvents(self.world, self.messages, self._gateway)
        self._page_interactions = PageInteractions(
            world=self.world,
            messages=self.messages,
            commands=self._commands,
            interactions=self._interactions,
            attachments=self._attachments,
            cdn=self._cdn,
            gateway=self._gateway,
        )
        self._page_api = PageApi(
            world=self.world,
            messages=self.messages,
            commands=self._commands,
            interactions=self._page_interactions,
            gateway=self._gateway,
            streams=self._streams,
            note=note,
        )
        self._runner = web.AppRunner(
            self._application(record, rate, controlled),
            shutdown_timeout=0.5,
            access_log=None,
            handler_cancellation=True,
        )

    def _application(self, record: Path | None, rate: int, controlled: bool) -> web.Application:
        middleware = ApiMiddleware(BOT_TOKEN, self.world, RateLimits(rate, 1.0), self._faults, record, API_PREFIX)
        api = web.Application(middlewares=[middleware.middleware()])
        api.add_routes(GuildRoutes(self.world, self._gateway).routes())
        api.add_routes(CommandRoutes(self._commands).routes())
        api.add_routes(MessageRoutes(self.world, self.messages, self._page_events.bot_is_typing).routes())
        api.add_routes(InteractionRoutes(self._interactions, self.messages).routes())
        application = web.Application(client_max_size=_BODY_LIMIT)
        application.add_subapp(API_PREFIX, api)
        application.add_routes([web.get("/gateway", self._gateway.serve), web.get("/gateway/", self._gateway.serve)])
        application.add_routes(self._cdn.routes())
        application.add_routes(self._page_api.routes())
        if controlled:
            journal = Journal(self.world, self.messages, self._interactions, self._clock)
            application.add_routes(ControlRoutes(self._faults, self._gateway, journal).routes())
        application.add_routes([web.get("/", self._index), web.static("/assets", PAGE)])
        application.on_response_prepare.append(_disable_caching)
        return application

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self.__aexit__(None, None, None)
            raise
        port = self._runner.addresses[0][1]
        self.url = self._cdn.base = f"http://127.0.0.1:{port}"
        self.api_base = self.url + API_PREFIX
        self.gateway_url = self._gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page_interactions.close()
        self._streams.close()
        self._gateway.drop_connections()
        await self._runner.cleanup()
        self._store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def clear_failures(self) -> None:
        """Drop all failures that `fail_next` has ordered."""
        self._faults.clear()

    def fail_next(
        self,
        method: str,
        path: str,
        status: int,
        times: int = 1,
        retry_after: float = 0.05,
        *,
        code: int = 0,
        html: str | None = None,
        body: str = "",
    ) -> None:
        """Let the next `times` matching API requests fail with `status`.

        method: "*" for any. path: a pattern that is searched in the path after /api/v10.
        retry_after: seconds that a 429 asks the client to wait.
        code: Discord's error code in the answer. html: a page to answer instead of JSON, as Cloudflare does.
        body: a pattern that is searched in the JSON of the body.
        """
        self._faults.add(
            Fault(FaultKind.STATUS, method, path, body, status, code, times, seconds=retry_after, html=html)
        )

    def cut_next(self, method: str, path: str, times: int = 1, *, after: bool = False) -> None:
        """Cut the connection of the next `times` API requests that match as in `fail_next`: `after` or before they have
        their effect."""
        kind = FaultKind.RESET_AFTER if after else FaultKind.RESET_BEFORE
        self._faults.add(Fault(kind, method, path, times=times))

    def reset_uploads(self, method: str, path: str, times: int = 1) -> None:
        """Lose the connection in the middle of the next `times` matching API requests, while their bodies are sent."""
        self._faults.add(Fault(FaultKind.RESET_UPLOAD, method, path, times=times))

    async def request_reconnect(self) -> None:
        """Send Reconnect (opcode 7): the bot should reconnect and resume."""
        self._gateway.request_reconnect()

    async def invalidate_session(self, resumable: bool = False) -> None:
        """Send Invalid Session (opcode 9): the bot should resume if `resumable`, otherwise identify again."""
        self._gateway.invalidate_sessions(resumable)

    async def refuse_connections(self, code: int) -> None:
        """Close the gateway's connections with `code`, and each new one once it identifies."""
        self._gateway.refuse_connections(code)

    def add_entry_point(self, name: str = "launch") -> None:
        """Give the app an entry point command, as enabling Activities does."""
        self._commands.upsert(GLOBAL, {"name": name, "type": ENTRY_POINT, "handler": 2})

    async def drop_connections(self) -> None:
        """Close the gateway's connections with code 4000. The sessions can be resumed."""
        self._gateway.drop_connections()

    def set_bot_permissions(self, channel_id: int, permissions: int) -> None:
        """Change the bot's permissions in a channel. Dispatches CHANNEL_UPDATE or THREAD_UPDATE."""
        self.world.set_bot_permissions(channel_id, permissions)

    def hide(self, channel_id: int, user_id: int) -> None:
        """Deny a user the permission to view a channel. Dispatches CHANNEL_UPDATE."""
        self.world.hide_channel(channel_id, user_id)

    def withhold_content_types(self) -> None:
        """Leave out the content type of every new attachment, as Discord does for some clients."""
        self._attachments.tells_types = False

    def delete_channel(self, channel_id: int) -> None:
        """Delete a channel or thread. Dispatches CHANNEL_DELETE or THREAD_DELETE, as for each thread in it."""
        self.world.delete_channel(channel_id)

    def remove_bot(self) -> None:
        """Remove the bot from its server. Dispatches GUILD_DELETE."""
        self._gateway.dispatch("GUILD_DELETE", {"id": str(GUILD_ID)})

    def add_bot(self) -> None:
        """Add the bot to its server again. Dispatches GUILD_CREATE, as for a server that the bot did not know."""
        joined = guild_create_object(self.world)
        joined.pop("unavailable", None)
        self._gateway.dispatch("GUILD_CREATE", joined)

    def delete_role(self, role_id: int) -> None:
        """Delete a role. Dispatches GUILD_ROLE_DELETE."""
        self.world.delete_role(role_id)

    def change_channel(self, channel_id: int, **changes: Any) -> None:
        """Change fields of a channel: `archived` or `locked` of a thread, or `kind`, Discord's channel type.

        Dispatches CHANNEL_UPDATE or THREAD_UPDATE.
        """
        self.world.change_channel(channel_id, **changes)

    def open_thread(self, name: str, parent_id: int, *invited: int) -> int:
        """Create a private thread and return its id. Dispatches THREAD_CREATE."""
        return self.world.create_private_thread(name, parent_id, invited).id

    @property
    def bot_online(self) -> bool:
        """Whether a bot is connected and has identified."""
        return self._gateway.online

    @property
    def waiting(self) -> int:
        """The number of interactions that the bot hasn't responded to yet."""
        return len(self._interactions.pending())


async def _disable_caching(request: web.Request, response: web.StreamResponse) -> None:
    """Let browsers check for a newer file before each use of the page, so that modules of two versions never mix."""
    if request.path == "/" or request.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "no-cache"
