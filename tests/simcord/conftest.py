"""The same bot on another simulation of Discord, one that shares no line with the playground: simcord.

It has no sockets and a clock of its own, and is strict about permissions, visibility and views.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot import app
from bot.config import Config
from generation.local_pool import LOCAL
from tests.databases import save_empty
from tests.fake_pool import FakePool


class Stage:
    """A server with a channel and three people; the bot works for as long as the stage is open."""

    def __init__(self, folder: Path) -> None:
        self.pool = FakePool()
        save_empty(folder / "noisefox.db")
        self._config = Config(data=folder)
        self._running = AsyncExitStack()
        self.ahead = timedelta()
        """By how much the bot's clock is ahead of simcord's."""

    async def open(self) -> simcord.Env:
        """Set the bot to work."""
        self.env = simcord.Env(await self._begin())
        await self.bot.reconciler.look()
        await self.env.start()
        self._set_to_work()
        guild = self.env.create_guild()
        self.channel = guild.create_text_channel("general")
        without_files = discord.PermissionOverwrite(attach_files=False)
        self.bare_channel = guild.create_text_channel("bare", overwrites={guild.default_role: without_files})
        self.mute_channel = guild.create_text_channel(
            "mute", overwrites={guild.default_role: discord.PermissionOverwrite(send_messages=False)}
        )
        self.guild = guild
        self.member = guild.add_member(self.env.create_user("member"))
        self.other = guild.add_member(self.env.create_user("other"))
        moderators = guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
        self.moderator = guild.add_member(self.env.create_user("moderator"), roles=[moderators])
        admins = guild.create_role("admins", permissions=discord.Permissions(manage_guild=True))
        self.admin = guild.add_member(self.env.create_user("admin"), roles=[admins])
        return self.env

    async def close(self) -> None:
        """End both."""
        await self._running.aclose()
        await self.env.shutdown()

    async def restart(self, **changes: Any) -> None:
        """The bot anew, on what it knew, and with changes to what its host decides."""
        self._config = replace(self._config, **changes)
        await self._running.aclose()
        self._running, self.pool = AsyncExitStack(), FakePool()
        await self.env.restart_bot(await self._begin())
        self._set_to_work()
        await self.bot.reconciler.look()

    async def _begin(self) -> discord.Client:
        bot = await self._running.enter_async_context(
            app.assembled(self._config, pools={LOCAL: self.pool}, now=lambda: self.env.now() + self.ahead)
        )
        self.bot = bot
        return bot.client

    def _set_to_work(self) -> None:
        """Begin the bot's tasks, once simcord has set the adapter that tasks begun from then on answer through."""
        for work in (self.bot.dispatcher.run(), self.bot.audit_log.run()):
            self._running.push_async_callback(_ended, asyncio.create_task(work))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something; the database answers in its own time, which no simulated clock moves."""
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.01)
                await self.env.settle()

    def requests(self) -> list[tuple[str, str]]:
        """The methods and paths of all requests that the bot has sent to Discord."""
        return [(entry.method, entry.path) for entry in self.env.http_requests]

    async def drawn(self, result: Any) -> Any:
        """The answer to a request, once it shows its picture."""
        await self.until(lambda: result.response is not None and "Re-roll" in words_of(result.response))
        return result.response


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def words_of(message: Any) -> str:
    """All that a message says, buttons included."""
    return f"{message.components}{message.content}"


@pytest.fixture
def staged(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
async def env(staged: Stage, caplog: pytest.LogCaptureFixture) -> AsyncIterator[simcord.Env]:
    """By this fixture simcord's plugin knows whose clock a test runs by. Nothing unexpected is raised meanwhile."""
    yield await staged.open()
    await staged.close()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.fixture
def stage(staged: Stage, env: simcord.Env) -> Stage:
    return staged
