"""Signals that come while the bot starts."""

import asyncio
import os
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import app
from bot.config import Config, DiscordConfig
from bot.stop_signals import leaving_on_sigterm, stop_signals
from generation.local_pool import LOCAL
from storage import data_folder, database
from tests.fake_pool import FakePool


def nowhere() -> str:
    """An address where nobody answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def config_in(folder: Path) -> Config:
    return Config(data=folder, discord=DiscordConfig(api_base=nowhere()))


async def end_once_logged(words: str, serving: "asyncio.Task[int]", caplog: pytest.LogCaptureFixture) -> int:
    """Send SIGTERM once the log has some words; the status with which the bot ends."""
    async with asyncio.timeout(60):
        while words not in caplog.text:
            assert not serving.done(), serving
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        return await serving


async def test_sigterm_ends_a_start_that_waits_for_discord(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bot = app.running(config_in(tmp_path), "token", pools={LOCAL: FakePool()}, waits=True)
    assert await end_once_logged("Trying again in 1 s", asyncio.create_task(app.serve(bot)), caplog) == 0
    assert not (tmp_path / data_folder.OWNER).exists()
    assert data_folder.owner(tmp_path) is None


async def test_sigterm_ends_a_start_that_waits_for_the_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.migrate, "__defaults__", (0.05,))
    monkeypatch.setattr(database, "LOCKED_TRIES", 1000)
    database.migrate(tmp_path / database.FILE)
    with closing(sqlite3.connect(tmp_path / database.FILE, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        bot = app.running(config_in(tmp_path), "token", pools={LOCAL: FakePool()}, waits=True)
        assert await end_once_logged("Trying again.", asyncio.create_task(app.serve(bot)), caplog) == 0
    assert not (tmp_path / data_folder.OWNER).exists()


async def test_whoever_else_cancels_a_start_is_told() -> None:
    async def starting() -> None:
        with stop_signals():
            await asyncio.Event().wait()

    task = asyncio.create_task(starting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_sigterm_ends_what_is_not_loaded_yet() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, leaving_on_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended.value.code == 0
    assert signal.getsignal(signal.SIGTERM) == before
