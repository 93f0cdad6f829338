"""Recorded requests, and Discord's errors for unknown resources."""

import json
from pathlib import Path

import aiohttp
import pytest

from playground import Playground
from playground.state.world import BOT_ID, GUILD_ID
from tests.playground.builders import multipart
from tests.playground.conftest import MESSAGES, Api


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, 0),
        ("GET", "/channels/1", 404, 10003),
        ("GET", f"{MESSAGES}/1", 404, 10008),
        ("GET", f"{MESSAGES}/x", 400, 50035),
        ("GET", f"{MESSAGES}?limit=x", 400, 50035),
        ("GET", "/users/1", 404, 10013),
        ("GET", "/guilds/1", 404, 10004),
        ("GET", f"/guilds/{GUILD_ID}/members/1", 404, 10007),
        ("POST", "/interactions/1/x/callback", 404, 10062),
        ("POST", f"/webhooks/{BOT_ID}/x", 404, 10015),
        ("PATCH", f"/webhooks/{BOT_ID}/x/messages/@original", 404, 10015),
    ],
)
async def test_unknown_things(api: Api, method: str, path: str, status: int, code: int) -> None:
    got, answer, _ = await api(method, path, {"type": 4} if method != "GET" else None)
    assert (got, answer["code"]) == (status, code)


async def test_requests_are_recorded(tmp_path: Path) -> None:
    record = tmp_path / "requests.jsonl"
    async with Playground(record=record) as playground:
        headers = {"Authorization": f"Bot {playground.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            api = Api(playground, session)
            await api("GET", "/users/@me?x=1")
            await api("POST", MESSAGES, data=multipart([1], {"content": "x"}))
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines == [
        {"method": "GET", "path": "/users/@me?x=1", "content_type": "", "body": None},
        {"method": "POST", "path": MESSAGES, "content_type": "multipart/form-data", "body": {"content": "x"}},
    ]
