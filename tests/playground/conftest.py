"""A playground, the real discord.py client connected to it, and plain requests to its API."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from PIL import Image

from playground import Playground
from playground.state.world import GENERAL_ID, GUILD_ID

MESSAGES = f"/channels/{GENERAL_ID}/messages"

Connect = Callable[["Client"], AbstractAsyncContextManager["Client"]]
Redirect = Callable[[Playground], None]


class Client(discord.Client):
    """A client that syncs its command tree at start and collects events in `events`."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.02)
        self.tree: app_commands.CommandTree[Client] = app_commands.CommandTree(self)
        self.resumed = asyncio.Event()
        self.events: list[tuple[str, Any]] = []

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once. discord.py would wait 5 seconds before a second time."""

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message) -> None:
        self.events.append(("message", message))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.events.append(("reaction", payload))

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self.events.append(("unreaction", payload))

    @property
    def playground_guild(self) -> discord.Guild:
        guild = self.get_guild(GUILD_ID)
        assert guild is not None
        return guild

    async def first_event(self, kind: str) -> Any:
        """Wait for the first event of a kind."""
        async with asyncio.timeout(60):
            while True:
                for name, data in self.events:
                    if name == kind:
                        return data
                await asyncio.sleep(0.005)


def picture(width: int = 8, height: int = 6) -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(buffer, "PNG")
    return buffer.getvalue()


def general(client: Client) -> discord.TextChannel:
    channel = client.playground_guild.get_channel(GENERAL_ID)
    assert isinstance(channel, discord.TextChannel)
    return channel


class Clock:
    """A wall clock that tests set forward, by `ahead` seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def playground(clock: Clock) -> AsyncIterator[Playground]:
    async with Playground(clock=clock) as started:
        yield started


@pytest.fixture
def redirected(monkeypatch: pytest.MonkeyPatch) -> Redirect:
    """Let discord.py connect to a playground until the test ends."""

    def redirect(playground: Playground) -> None:
        monkeypatch.setattr(discord.http.Route, "BASE", playground.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))

    return redirect


@asynccontextmanager
async def connected(client: Client, token: str) -> AsyncIterator[Client]:
    """Log the client in, wait until it is ready, and close it after the block."""
    async with client:
        running = asyncio.create_task(client.start(token))
        ready = asyncio.create_task(client.wait_until_ready())
        done, _ = await asyncio.wait({running, ready}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            running.result()
        assert ready in done
        try:
            yield client
        finally:
            await client.close()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def connect(playground: Playground, redirected: Redirect) -> Connect:
    """Connect a client to the test's playground."""
    redirected(playground)
    return lambda client: connected(client, playground.token)


class Api:
    """Sends requests to the HTTP API without a client library."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self._base = playground.api_base
        self._session = session

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any, Any]:
        """Return status, JSON body and headers of the response."""
        if body is not None:
            options["json"] = body
        async with self._session.request(method, self._base + path, **options) as response:
            answer = await response.json() if response.content_type == "application/json" else None
            return response.status, answer, response.headers


@pytest.fixture
async def api(playground: Playground) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {playground.token}"}) as session:
        yield Api(playground, session)
