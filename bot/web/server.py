"""The HTTP server of the page."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from bot.config.web import WebConfig
from bot.errors import UNSAVED, sentence_for
from bot.locales import address, say
from bot.locales.languages import LANGUAGES
from bot.web import page
from bot.web.grants import Grant, Grants
from bot.web.painting import Painting
from bot.web.submitted import Submitted
from generation.errors import NoisefoxError, UserError
from storage.database import StorageError

log = logging.getLogger(__name__)

BODY_BYTES = 2**20
"""The largest request that is read."""

SECONDS = 20.0
"""Seconds that a browser may take to send a request; then its connection is closed."""

STOP_SECONDS = 3.0
"""Seconds that requests have to end when they are refused or the server stops."""

AT_ONCE = 8
"""Pictures that are read and sent at the same time; others wait."""

_FILES = {"paint.css": "text/css", "paint.js": "text/javascript"}

_TYPES = {"png": "image/png", "webp": "image/webp"}
"""By the endings of the files that `FinishedFiles` gives."""

_DISCORD = ("https://discord.com", "https://*.discord.com", "https://*.discordsays.com")
"""Who shows an Activity in a frame."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)


class UnusableAddress(NoisefoxError):
    """The page can't be served at the address of the configuration."""


class PaintServer:
    """Answers browsers. Nothing but a valid link tells them anything of a picture; nothing is kept in them."""

    def __init__(self, *, grants: Grants, painting: Painting, config: WebConfig, seconds: float = SECONDS) -> None:
        self._grants = grants
        self._painting = painting
        self._seconds = seconds
        self._policy = _POLICY + (" ".join(_DISCORD) if config.activity else "'none'")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._silent: set[asyncio.BaseProtocol] = set()
        """Connections that have sent no whole request yet."""

    @asynccontextmanager
    async def serving(self, listening: socket.socket) -> AsyncIterator[None]:
        """Serve on a socket until the context ends."""
        app = web.Application(client_max_size=BODY_BYTES, middlewares=[self._answered])
        app.on_response_prepare.append(self._protect)
        for name in _FILES:
            app.router.add_get(f"/{name}", self._file)
        app.router.add_get("/favicon.ico", self._nothing)
        app.router.add_get("/paint/{link}", self._page)
        app.router.add_get("/paint/{link}/picture", self._picture)
        app.router.add_post("/paint/{link}", self._submitted)
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=self._seconds,
            lingering_time=min(self._seconds, STOP_SECONDS),
            shutdown_timeout=STOP_SECONDS,
        )
        await runner.setup()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: self._connected(runner), sock=listening)
        try:
            yield
        finally:
            server.close()
            await runner.cleanup()

    def _connected(self, runner: web.AppRunner) -> asyncio.Protocol:
        """A new connection, which is closed where no whole request comes in time."""
        assert runner.server is not None
        connection = runner.server()
        self._silent.add(connection)
        asyncio.get_running_loop().call_later(self._seconds, self._drop, connection)
        return connection

    def _drop(self, connection: RequestHandler) -> None:
        """Close a connection that has sent nothing whole."""
        if connection in self._silent:
            self._silent.remove(connection)
            connection.force_close()

    @web.middleware
    async def _answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Answer one of the requests that came, in its browser's language, and errors as sentences."""
        self._silent.discard(request.protocol)
        address(_browser_locale(request))
        try:
            answer: web.StreamResponse = await handler(request)
        except (UserError, StorageError) as failure:
            return self._refused(request, sentence_for(failure), 403)
        except web.HTTPRequestEntityTooLarge:
            return self._refused(request, say("That is too much to send. Paint it with fewer strokes."), 413)
        except TimeoutError:
            return self._refused(request, say("The page took too long to send that. Try again."), 408)
        except OSError as reason:
            log.warning("a request of the page for painting failed: %s", reason)
            return self._refused(request, say(UNSAVED), 503)
        return answer

    def _refused(self, request: web.Request, said: str, status: int) -> web.Response:
        if request.method == "POST":
            return web.json_response({"taken": False, "said": said}, status=status)
        root = "../.." if request.path.endswith("/picture") else ".."
        return web.Response(text=page.sentence(said, root), content_type="text/html", status=status)

    async def _protect(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Server"] = "Noisefox"

    async def _granted(self, request: web.Request) -> Grant:
        """What the link of a request allows; it is answered in the language of that person."""
        grant = await self._grants.find(request.match_info["link"])
        address(grant.origin.locale)
        return grant

    async def _nothing(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.path[1:]
        text = await asyncio.to_thread((page.FILES / name).read_text, encoding="utf-8")
        return web.Response(text=text, content_type=_FILES[name])

    async def _page(self, request: web.Request) -> web.StreamResponse:
        grant = await self._granted(request)
        html = page.painting(await self._painting.sheet(grant), f"{request.match_info['link']}/picture")
        return web.Response(text=html, content_type="text/html")

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        grant = await self._granted(request)
        async with self._places:
            file = await self._painting.picture(grant)
        return web.Response(body=file.data, content_type=_TYPES[file.ending])

    async def _submitted(self, request: web.Request) -> web.StreamResponse:
        grant = await self._granted(request)
        async with asyncio.timeout(self._seconds):
            body = await request.read()
        await self._painting.take(grant, Submitted.read(body))
        return web.json_response({"taken": True, "said": say("Look in the chat: it is being drawn.")})


def bound(config: WebConfig) -> tuple[socket.socket, str]:
    """A socket at the address of the configuration, and the public address with its port where that is any free one.

    Raises `UnusableAddress`.
    """
    try:
        [(family, *_, place), *_] = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        listening = socket.create_server(place[:2], family=family)
    except OSError as reason:
        raise UnusableAddress(
            f"The page can't be served at {config.address} ({reason.strerror}): end the program that uses it, or set "
            "another address under [web]."
        ) from None
    listening.setblocking(False)
    parts = urlsplit(config.public_url)
    if parts.port == 0:
        parts = parts._replace(netloc=f"{parts.netloc.removesuffix(':0')}:{listening.getsockname()[1]}")
    return listening, urlunsplit(parts)


def _browser_locale(request: web.Request) -> str:
    """Discord's name of the first language that a browser asks for; English where there is no translation."""
    wanted = request.headers.get("Accept-Language", "")[:2].lower()
    return next((each for each in LANGUAGES.translated if each.startswith(wanted)), "en-US") if wanted else "en-US"
