"""The chat page of `noisefox try`: a port or a folder that it cannot use."""

import errno
import logging
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from bot import app
from bot.config import Config
from playground.server import Playground
from storage.data_folder import LOCK, UnusableFolder


def locked(chat: Path) -> sqlite3.Connection:
    database = sqlite3.connect(chat / "world.sqlite", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    return database


async def test_a_chat_that_cannot_be_used_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    chat = tmp_path / "try" / "chat"
    chat.mkdir(parents=True)
    (chat / LOCK).touch()
    with closing(locked(chat)), monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda file, **options: connect(file, timeout=0.1, **options))
        with pytest.raises(UnusableFolder, match=r"^The chat in .* cannot be used \(database is locked\): "):
            await app.run_locally(Config(data=tmp_path), Playground, 0)
    (chat / "attachments").rmdir()
    (chat / "attachments").write_text("a file")
    with pytest.raises(UnusableFolder, match="is a file, or in one"):
        await app.run_locally(Config(data=tmp_path), Playground, 0)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EADDRINUSE, "another program uses it; using another"),
        (errno.EACCES, "this user has no right to it, choose one above 1023; using another"),
        (errno.EADDRNOTAVAIL, "Cannot assign requested address; using another"),
    ],
)
async def test_the_log_says_why_a_port_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int, why: str
) -> None:
    caplog.set_level(logging.WARNING)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        if number != errno.EADDRINUSE:
            refuse(monkeypatch, port, number)
        async with app._on_a_free_port(Playground, port, tmp_path) as local:
            assert local.url != f"http://127.0.0.1:{port}"
    assert f"port {port} cannot be used: {why}" in caplog.text


def refuse(monkeypatch: pytest.MonkeyPatch, port: int, number: int) -> None:
    """Let the operating system refuse a port; this test may run as a user who has every right."""
    start = web.TCPSite.start

    async def refused(site: web.TCPSite) -> None:
        if site.name.endswith(f":{port}"):
            raise OSError(number, "error while attempting to bind")
        await start(site)

    monkeypatch.setattr(web.TCPSite, "start", refused)
