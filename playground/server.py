"""The Playground: everything put together and served on one local port."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from playground.api.broadcast import Audience, Broadcast
from playground.api.gateway import Gateway
from playground.api.message_routes import InteractionRoutes, MessageRoutes
from playground.api.rate_limits import Faults, RateLimits
from playground.api.rest import Front, Rest
from playground.client.page_api import PageApi
from playground.state.attachments import Attachments
from playground.state.cdn import Cdn
from playground.state.commands import Commands
from playground.state.interactions import Interactions
from playground.state.messages import Messages
from playground.state.snowflakes import Snowflakes
from playground.state.store import Store
from playground.state.world import World

TOKEN = "playground"
API_PREFIX = "/api/v10"
PAGE = Path(__file__).parent / "page"
_BODY_LIMIT = 64 * 1024 * 1024


class Playground:
    """A local Discord. `async with Playground() as playground:` serves it until the block ends.

    port: 0 takes a free one. folder: where the world is kept; None keeps it until the block ends.
    record: a file that each API request of the bot is appended to as a JSON line. clock: Unix seconds, for all expiry.
    rate: requests per second and bucket before a 429.
    """

    def __init__(
        self,
        port: int = 0,
        folder: Path | None = None,
        record: Path | None = None,
        clock: Callable[[], float] = time.time,
        rate: int = 50,
    ) -> None:
        self.token = TOKEN
        self.url = ""
        self.api_base = ""
        self.gateway_url = ""
        self._port = port
        self._temporary = tempfile.TemporaryDirectory(prefix="playground-") if folder is None else None
        self._store = Store(folder or Path(self._temporary.name if self._temporary else ""))
        snowflakes = Snowflakes(clock, self._store.newest_id())
        self._faults = Faults()
        self.world = World(self._store, snowflakes)
        self._attachments = Attachments(self._store, snowflakes)
        self._cdn = Cdn(self._attachments, self._store, clock)
        self.messages = Messages(self._store, snowflakes, self.world, self._attachments, self._cdn, clock)
        self._commands = Commands(self._store, snowflakes, self.world)
        self._interactions = Interactions(self._store, snowflakes, self.world, self.messages, clock)
        self._gateway = Gateway(self.world, TOKEN, clock)
        self._audience = Audience()
        self._broadcast = Broadcast(
            self.world, self.messages, self._commands, self._interactions, self._gateway, self._audience
        )
        self._page_api = PageApi(
            world=self.world,
            messages=self.messages,
            commands=self._commands,
            interactions=self._interactions,
            attachments=self._attachments,
            cdn=self._cdn,
            gateway=self._gateway,
            audience=self._audience,
            on_dm=self._broadcast.channels_changed,
        )
        self._runner = web.AppRunner(
            self._application(record, rate), shutdown_timeout=0.5, access_log=None, handler_cancellation=True
        )

    def _application(self, record: Path | None, rate: int) -> web.Application:
        front = Front(TOKEN, self.world, RateLimits(rate, 1.0), self._faults, record, API_PREFIX)
        api = web.Application(middlewares=[front.middleware()])
        rest = Rest(self.world, self._commands, self._gateway, self._broadcast.channels_changed)
        api.add_routes(rest.routes())
        api.add_routes(MessageRoutes(self.world, self.messages, self._broadcast.typing).routes())
        api.add_routes(InteractionRoutes(self._interactions, self.messages).routes())
        application = web.Application(client_max_size=_BODY_LIMIT)
        application.add_subapp(API_PREFIX, api)
        application.add_routes([web.get("/gateway", self._gateway.serve), web.get("/gateway/", self._gateway.serve)])
        application.add_routes(self._cdn.routes())
        application.add_routes(self._page_api.routes())
        application.add_routes([web.get("/", self._index), web.static("/assets", PAGE)])
        application.on_response_prepare.append(_revalidated)
        return application

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = self._cdn.base = f"http://127.0.0.1:{port}"
        self.api_base = self.url + API_PREFIX
        self.gateway_url = self._gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page_api.close()
        self._audience.close()
        self._gateway.drop_connections()
        await self._runner.cleanup()
        self._store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def heal(self) -> None:
        """Take back every failure that `fail_next` has ordered."""
        self._faults.clear()

    def fail_next(self, method: str, path: str, status: int, times: int = 1, retry_after: float = 0.05) -> None:
        """Lets the next `times` API requests fail whose path (after /api/v10) the pattern `path` is found in.

        `method` "*" matches any. A 429 carries Retry-After, a `retry_after` in seconds in its body, and Via.
        """
        self._faults.add(method, path, status, times, retry_after)

    async def ask_reconnect(self) -> None:
        """Sends op 7: the bot should reconnect and resume."""
        self._gateway.ask_reconnect()

    async def invalidate_session(self, resumable: bool = False) -> None:
        """Sends op 9: the bot should resume when `resumable`, else identify anew."""
        self._gateway.invalidate_sessions(resumable)

    async def drop_connections(self) -> None:
        """Cuts the gateway's connections with code 4000; sessions can be resumed."""
        self._gateway.drop_connections()

    def set_bot_permissions(self, channel_id: int, permissions: int) -> None:
        """Changes the app's permissions in a channel and tells the bot by CHANNEL_UPDATE."""
        self.world.bot_permissions[channel_id] = permissions
        self._broadcast.channels_changed(channel_id)

    def hide(self, channel_id: int, user_id: int) -> None:
        """Takes a channel out of somebody's sight, and tells the bot by CHANNEL_UPDATE."""
        self.world.hidden.setdefault(channel_id, set()).add(user_id)
        self._broadcast.channels_changed(channel_id)

    def open_thread(self, name: str, parent_id: int, *invited: int) -> int:
        """Opens a private thread and tells the bot by THREAD_CREATE; the thread's id."""
        thread = self.world.open_thread(name, parent_id, invited)
        self._broadcast.channels_changed(thread.id, is_new_thread=True)
        return thread.id

    @property
    def bot_online(self) -> bool:
        """Whether a bot is connected and identified."""
        return self._gateway.online

    @property
    def waiting(self) -> int:
        """How many interactions nobody has answered yet."""
        return len(self._interactions.pending())


async def _revalidated(request: web.Request, response: web.StreamResponse) -> None:
    """Have browsers ask whether a file of the page has changed, so that modules of two versions never mix."""
    if request.path == "/" or request.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "no-cache"
