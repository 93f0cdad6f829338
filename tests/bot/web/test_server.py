import asyncio
import socket
from contextlib import closing
from typing import Any

import aiohttp
import pytest

from bot.config import WebConfig
from bot.errors import Refusal
from bot.web import server
from bot.web.grants import Grant, Grants
from bot.web.server import PaintServer, UnusableAddress, bound

HERE = WebConfig("127.0.0.1:0", "http://127.0.0.1:0")


class NoGrants(Grants):
    """Knows no link but one, which may send anything and never draws."""

    def __init__(self) -> None:
        pass

    async def find(self, text: str) -> Grant:
        if text != "mine":
            raise Refusal("no")
        return Any  # type: ignore[return-value]


def of_seconds(seconds: float, config: WebConfig = HERE) -> PaintServer:
    return PaintServer(grants=NoGrants(), painting=None, config=config, seconds=seconds)  # type: ignore[arg-type]


async def test_a_browser_that_sends_nothing_whole_is_closed() -> None:
    listening, url = bound(HERE)
    async with of_seconds(0.05).serving(listening):
        port = int(url.rpartition(":")[2])
        for sent in (b"", b"GET /paint/mine HT"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            async with asyncio.timeout(30):
                assert await reader.read() == b""
            writer.close()


async def test_a_body_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.PaintServer, "_granted", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(server.PaintServer, "_drop", lambda *_: None)  # which a slow machine may do first
    listening, url = bound(HERE)
    async with of_seconds(0.05).serving(listening):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /paint/mine HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
        async with asyncio.timeout(30):
            assert b" 408 " in await reader.readline()
        writer.close()


async def test_discord_may_frame_the_page_where_the_host_wants_that() -> None:
    config = WebConfig("127.0.0.1:0", "http://127.0.0.1:0", activity=True)
    listening, url = bound(config)
    async with of_seconds(5, config).serving(listening), aiohttp.ClientSession() as session:
        async with session.get(f"{url}/paint.css") as response:
            assert response.headers["Content-Security-Policy"].endswith(
                "frame-ancestors https://discord.com https://*.discord.com https://*.discordsays.com"
            )
        async with session.get(f"{url}/paint/other") as response:
            assert response.status == 403
        async with session.get(f"{url}/other") as response:
            assert (response.status, response.headers["Cache-Control"]) == (404, "no-store")


async def test_a_disk_that_fails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(server.PaintServer, "_granted", fails)
    listening, url = bound(HERE)
    async with (
        of_seconds(5).serving(listening),
        aiohttp.ClientSession() as session,
        session.post(f"{url}/paint/mine", data=b"{}") as response,
    ):
        assert response.status == 503
        assert (await response.json())["said"] == "I can't save anything right now. Try again in a minute."


def test_an_address_that_is_taken_is_named_in_one_sentence() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnusableAddress, match=f"can't be served at {address} .*set another address under .web"):
            bound(WebConfig(address, "https://example.org"))
