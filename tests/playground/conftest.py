"""A playground, and the real discord.py client connected to it."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from PIL import Image

from playground import Playground
from playground.state.world import GUILD_ID

Connect = Callable[["Client"], AbstractAsyncContextManager["Client"]]


class Client(discord.Client):
    """A client with a command tree that is synced to the guild at start."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.02)
        self.tree: app_commands.CommandTree[Client] = app_commands.CommandTree(self)
        self.resumed = asyncio.Event()
        self.heard: list[tuple[str, Any]] = []

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identifies at once; discord.py would wait 5 s before it does so a second time."""

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(("message", message))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.heard.append(("reaction", payload))

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self.heard.append(("unreaction", payload))

    @property
    def playground_guild(self) -> discord.Guild:
        guild = self.get_guild(GUILD_ID)
        assert guild is not None
        return guild

    async def hears(self, kind: str) -> Any:
        """The first event of a kind, waited for."""
        async with asyncio.timeout(5):
            while True:
                for name, data in self.heard:
                    if name == kind:
                        return data
                await asyncio.sleep(0.005)


def picture(width: int = 8, height: int = 6) -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(buffer, "PNG")
    return buffer.getvalue()


class Clock:
    """A wall clock that tests move forward."""

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
def redirected(monkeypatch: pytest.MonkeyPatch) -> Callable[[Playground], None]:
    """Points discord.py to a playground until the test ends."""

    def redirect(playground: Playground) -> None:
        monkeypatch.setattr(discord.http.Route, "BASE", playground.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))

    return redirect


@asynccontextmanager
async def connected(client: Client, token: str) -> AsyncIterator[Client]:
    """The client, logged in and ready, until the block ends."""
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
def connect(playground: Playground, redirected: Callable[[Playground], None]) -> Connect:
    """Connects a client to the test's playground."""
    redirected(playground)
    return lambda client: connected(client, playground.token)
