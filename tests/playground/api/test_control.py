"""The journal of everything that happened, and disturbances of the gateway."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from playground import Playground
from playground.state.world import GENERAL_ID
from tests.playground.conftest import Api, Client, Connect

MESSAGES = f"/channels/{GENERAL_ID}/messages"


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(members=2, controlled=True) as playground:
        yield playground


async def journal(playground: Playground, after: int = 0) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{playground.url}/control/journal", params={"after": str(after)}) as response,
    ):
        return await response.json()


async def disturb(playground: Playground, **body: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{playground.url}/control/gateway", json=body) as response,
    ):
        return response.status


async def test_the_journal_has_each_message_once_as_it_is_now(playground: Playground, api: Api) -> None:
    id = (await api("POST", MESSAGES, {"content": "one"}))[1]["id"]
    await api("POST", MESSAGES, {"content": "two"})
    first = await journal(playground)
    assert [message["content"] for message in first["messages"]] == ["one", "two"]
    await api("PATCH", f"{MESSAGES}/{id}", {"content": "three"})
    [changed] = (await journal(playground, after=first["number"]))["messages"]
    assert (changed["id"], changed["content"]) == (id, "three")
    await api("DELETE", f"{MESSAGES}/{id}")
    assert (await journal(playground, after=first["number"]))["messages"] == [{"id": id, "deleted": True}]


async def test_there_are_as_many_members_as_wanted(playground: Playground) -> None:
    assert [person.username for person in playground.world.people()][-2:] == ["member 1", "member 2"]


@pytest.mark.parametrize("action", ["close", "reconnect", "resume"])
async def test_a_client_resumes_after_a_disturbance(
    playground: Playground, connect: Connect, client: Client, action: str
) -> None:
    async with connect(client):
        assert await disturb(playground, action=action) == 200
        async with asyncio.timeout(60):
            await client.resumed.wait()


async def test_a_silent_connection_delivers_only_after_it_is_closed(
    playground: Playground, api: Api, connect: Connect, client: Client
) -> None:
    async with connect(client):
        await disturb(playground, action="silence", seconds=0.1)
        await api("POST", MESSAGES, {"content": "unheard"})
        assert client.events == []
        message = await client.first_event("message")
        assert client.resumed.is_set() or message.content == "unheard"


async def test_an_unknown_disturbance_is_refused(playground: Playground) -> None:
    assert await disturb(playground, action="explode") == 400


async def test_a_playground_is_a_process_of_its_own_until_its_input_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "playground", "--folder", str(tmp_path), "--members", "1"]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    address = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session, session.get(f"{address['url']}/control/journal") as response:
        assert (await response.json())["online"] is False
    process.stdin.close()
    assert await process.wait() == 0
