"""Downloads: from Discord's hosts alone, and no more than asked for."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot.errors import Refusal
from bot.interactions.downloads import HOSTS, download

MOST = 2**20


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """A host that never stops sending, or sends people elsewhere; it is the configured base."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(200):
            await response.write(bytes(2**16))
        return response

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/small"})

    async def small(_: web.Request) -> web.Response:
        return web.Response(body=b"picture")

    site = web.Application()
    site.add_routes([web.get("/endless", endless), web.get("/elsewhere", elsewhere), web.get("/small", small)])
    server = TestServer(site)
    async with server:
        monkeypatch.setattr(Route, "BASE", str(server.make_url("/api/v10")))
        yield server


@pytest.mark.parametrize(("path", "sentence"), [("/endless", "larger than 1 MiB"), ("/elsewhere", "downloaded")])
async def test_an_endless_file_and_a_redirect_are_refused(host: TestServer, path: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        await download(str(host.make_url(path)), 5, MOST)


async def test_the_configured_base_is_read_and_no_other_host_is_contacted(
    host: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(host.make_url("/small"))
    assert await download(url, 5, MOST) == b"picture"
    monkeypatch.setattr(Route, "BASE", "https://discord.com/api/v10")
    for other in (url, "http://cdn.discordapp.com/a.png", "https://cdn.discordapp.com.evil.example/a.png", "file:///a"):
        with pytest.raises(Refusal):
            await download(other, 5, MOST)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("cdn.discordapp.com", True),
        ("media.discordapp.net", True),
        ("images-ext-1.discordapp.net", True),
        ("xcdn.discordapp.com", False),
        ("cdn.discordapp.com.evil.example", False),
    ],
)
def test_discords_hosts_are_known(name: Any, known: bool) -> None:
    assert bool(HOSTS.fullmatch(name)) is known
