"""What Discord may answer when a bot logs in, syncs its commands and connects."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.__main__ import main
from bot.config import DiscordConfig
from bot.interactions import client, connection
from bot.interactions.connection import ConnectionRefused
from playground import Playground
from playground.server import API_PREFIX
from tests.journeys.conftest import Member, Start, finished

CLOUDFLARE = """<!DOCTYPE html>
<html><head><style>body {margin: 0}</style>
<title>Access denied | discord.com used Cloudflare to restrict access</title></head>
<body><h1>Error 1015</h1><p>Ray ID: 7f3c</p></body></html>"""


async def run(start: Start, once_ready: Callable[[], Awaitable[object]] | None) -> None:
    async with start(), asyncio.timeout(60):
        if once_ready is not None:
            await once_ready()
        await asyncio.Event().wait()


async def refusal(start: Start, once_ready: Callable[[], Awaitable[object]] | None = None) -> str:
    """The sentence with which a bot ends; it has one line."""
    with pytest.raises(ConnectionRefused) as refused:
        await run(start, once_ready)
    [sentence] = str(refused.value).splitlines()
    return sentence


async def test_an_entry_point_command_is_kept(
    start: Start, playground: Playground, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    playground.add_entry_point("launch")
    async with start():
        assert finished(await member.imagine())
    kept = [command for command in member.commands if command["type"] == 4]
    assert [(command["name"], command["handler"]) for command in kept] == [("launch", 2)]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(("status", "code"), [(400, 50240), (429, 30034), (403, 50001), (500, 0)])
async def test_a_sync_that_is_refused_stops_no_start(
    start: Start,
    playground: Playground,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: int,
) -> None:
    monkeypatch.setattr(client, "SYNC_SECONDS", 0.3)
    async with start():
        pass
    playground.fail_next("PUT", "/commands$", status, times=9, retry_after=60_000, code=code)
    async with start():
        assert finished(await member.imagine())
    assert "Discord did not take the commands" in caplog.text


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (4004, "Copy it again from the Bot page of your app"),
        (4010, "Update Noisefox"),
        (4011, "too many servers"),
        (4012, "Update Noisefox"),
        (4013, "Update Noisefox"),
        (4014, "Turn on the intents on the Bot page"),
    ],
)
@pytest.mark.parametrize("is_ready", [False, True], ids=["at start", "later"])
async def test_a_gateway_that_closes_for_good_is_one_sentence(
    start: Start, playground: Playground, code: int, advice: str, is_ready: bool
) -> None:
    if not is_ready:
        await playground.refuse_connections(code)
    assert advice in await refusal(start, lambda: playground.refuse_connections(code))


@pytest.mark.parametrize(
    ("status", "advice"), [(403, "wait an hour"), (429, "wait an hour"), (503, "https://discordstatus.com")]
)
async def test_of_a_page_in_place_of_an_answer_one_line_is_shown(
    start: Start, playground: Playground, status: int, advice: str
) -> None:
    playground.fail_next("GET", "/users/@me", status, html=CLOUDFLARE)
    said = await refusal(start)
    assert f"Discord refused the login: {status}" in said
    assert "“Access denied | discord.com used Cloudflare to restrict access”" in said
    assert advice in said
    assert "cannot be reached" not in said
    assert "<" not in said
    assert "Ray ID" not in said


async def test_a_token_that_is_refused_is_to_be_copied_again(start: Start, playground: Playground) -> None:
    playground.fail_next("GET", "/users/@me", 401)
    assert await refusal(start) == "Discord rejected this token. Copy it again from the Bot page of your app."


async def test_only_a_discord_that_does_not_answer_cannot_be_reached(start: Start) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}{API_PREFIX}"
    with pytest.raises(ConnectionRefused, match=r"Discord cannot be reached: .*Check the network"):
        async with start(discord=DiscordConfig(api_base=base)):
            pass


@pytest.mark.parametrize("answers", [True, False], ids=["503", "no answer"])
@pytest.mark.parametrize("path", ["/users/@me$", "/oauth2/applications/@me$", "/gateway$"])
async def test_a_discord_that_is_down_is_waited_for(
    start: Start,
    playground: Playground,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answers: bool,
    path: str,
) -> None:
    monkeypatch.setattr(connection, "LOGIN_SECONDS", (0.0, 0.01))
    if answers:
        playground.fail_next("GET", path, 503, times=3)
    else:
        playground.cut_next("GET", path, times=3)
    async with start(waits=True):
        assert finished(await member.imagine())
    assert "Trying again in 0 s." in caplog.text


@asynccontextmanager
async def answering(answer: Callable[[], web.Response]) -> AsyncIterator[str]:
    """A server that gives every request the same answer; its address."""

    async def handle(_: web.Request) -> web.Response:
        return answer()

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{API_PREFIX}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html><title>Hello</title></html>", content_type="text/html"),
        lambda: web.json_response({}),
        lambda: web.json_response([]),
        lambda: web.json_response({"url": "http://other"}),
        lambda: web.Response(text='{"url":', content_type="application/json"),
        lambda: web.Response(body=b"\xff\x00", content_type="application/json"),
        lambda: web.Response(status=204),
        lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=["page", "empty object", "list", "another address", "half of JSON", "no text", "nothing", "redirect"],
)
async def test_an_address_where_something_else_answers_is_one_sentence(
    start: Start, answer: Callable[[], web.Response]
) -> None:
    async with answering(answer) as base:
        with pytest.raises(ConnectionRefused, match=r"^What answers at `discord.api_base` isn't Discord's API\."):
            async with start(discord=DiscordConfig(api_base=base), waits=True):
                pass


async def test_a_slash_at_the_end_of_the_address_changes_nothing(start: Start, playground: Playground) -> None:
    async with start(discord=DiscordConfig(api_base=f"{playground.api_base}/")) as bot:
        assert bot.client.user is not None


async def test_a_token_that_is_refused_is_not_tried_again(start: Start, playground: Playground) -> None:
    playground.fail_next("GET", "/users/@me", 401)
    with pytest.raises(ConnectionRefused, match="rejected this token"):
        async with start(waits=True):
            pass


async def test_the_program_prints_the_sentence_and_ends_with_1(
    playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("generation.local_worker.WORKER", (sys.executable, "-S", "-c", ""))
    monkeypatch.setenv("NOISEFOX_TOKEN", playground.token)
    config = tmp_path / "config.toml"
    config.write_text(f'data = "{tmp_path / "data"}"\n[discord]\napi_base = "{playground.api_base}"\n')
    await playground.refuse_connections(4004)
    status = await asyncio.to_thread(main, ["run", "--config", str(config)])
    assert status == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "noisefox: Discord rejected this token. Copy it again from the Bot page of your app."
    )
