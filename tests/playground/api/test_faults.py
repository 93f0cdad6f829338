"""Faults that are ordered at the control address, as a client of the API meets them."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from playground import Playground
from playground.state.world import GENERAL_ID
from tests.playground.conftest import Api

MESSAGES = f"/channels/{GENERAL_ID}/messages"


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(members=2, controlled=True) as playground:
        yield playground


async def order(playground: Playground, *faults: dict[str, Any], seed: int = 0) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{playground.url}/control/faults", json={"seed": seed, "faults": list(faults)}) as response,
    ):
        assert response.status == 200, await response.text()


async def messages_of(playground: Playground) -> list[str]:
    async with aiohttp.ClientSession() as session, session.get(f"{playground.url}/control/journal") as response:
        return [message["content"] for message in (await response.json())["messages"]]


async def test_a_request_is_refused_with_the_code_as_often_as_ordered(playground: Playground, api: Api) -> None:
    await order(playground, {"kind": "status", "path": "/messages$", "status": 403, "code": 50013, "times": 1})
    status, answer, _ = await api("POST", MESSAGES, {"content": "one"})
    assert (status, answer["code"]) == (403, 50013)
    assert (await api("POST", MESSAGES, {"content": "two"}))[0] == 200
    assert await messages_of(playground) == ["two"]


async def test_a_rate_limit_comes_with_or_without_a_time_to_wait(playground: Playground, api: Api) -> None:
    await order(
        playground,
        {"kind": "status", "status": 429, "seconds": 2.0, "times": 1},
        {"kind": "bare limit", "times": 1},
    )
    status, answer, headers = await api("POST", MESSAGES, {"content": "one"})
    assert (status, answer["retry_after"], headers["Retry-After"]) == (429, 2.0, "2")
    status, answer, headers = await api("POST", MESSAGES, {"content": "two"})
    assert (status, answer) == (429, None)
    assert "Retry-After" not in headers


@pytest.mark.parametrize(("kind", "seen"), [("reset before", []), ("reset after", ["one"])])
async def test_a_connection_is_lost_before_or_after_the_effect(
    playground: Playground, api: Api, kind: str, seen: list[str]
) -> None:
    await order(playground, {"kind": kind})
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("POST", MESSAGES, {"content": "one"})
    assert await messages_of(playground) == seen


async def test_a_connection_is_lost_while_a_body_is_sent(playground: Playground, api: Api) -> None:
    await order(playground, {"kind": "reset upload", "method": "POST", "times": 1})
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("POST", MESSAGES, {"content": "one" * 10**7})
    assert (await api("POST", MESSAGES, {"content": "two"}))[0] == 200
    assert await messages_of(playground) == ["two"]


async def test_a_slow_request_has_its_effect(playground: Playground, api: Api) -> None:
    await order(playground, {"kind": "slow", "seconds": 0.01})
    assert (await api("POST", MESSAGES, {"content": "one"}))[0] == 200


async def test_a_fault_is_about_bodies_that_have_a_word(playground: Playground, api: Api) -> None:
    await order(playground, {"kind": "status", "status": 400, "code": 240000, "body": "harmful"})
    assert (await api("POST", MESSAGES, {"content": "a harmful link"}))[0] == 400
    assert (await api("POST", MESSAGES, {"content": "a link"}))[0] == 200


async def test_a_lasting_fault_hits_some_messages_always_and_others_never(playground: Playground, api: Api) -> None:
    ids = [(await api("POST", MESSAGES, {"content": str(number)}))[1]["id"] for number in range(12)]
    await order(playground, {"kind": "status", "status": 403, "share": 0.5, "lasting": True}, seed=1)

    async def edited() -> list[int]:
        return [(await api("PATCH", f"{MESSAGES}/{id}", {"content": "new"}))[0] for id in ids]

    first = await edited()
    assert await edited() == first
    assert set(first) == {200, 403}


async def test_the_seed_decides_which_requests_fail(playground: Playground, api: Api) -> None:
    async def failed(seed: int) -> list[int]:
        await order(playground, {"kind": "status", "status": 500, "share": 0.5}, seed=seed)
        return [(await api("POST", MESSAGES, {"content": "one"}))[0] for _ in range(12)]

    assert await failed(1) == await failed(1)
    assert await failed(1) != await failed(2)


async def test_a_fault_that_is_none_is_refused(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        for fault in ({"kind": "flood"}, {"kind": "slow", "colour": "red"}, {}):
            async with session.put(f"{playground.url}/control/faults", json={"faults": [fault]}) as response:
                assert response.status == 400


async def test_nothing_is_controlled_unless_that_is_wanted() -> None:
    async with (
        Playground() as playground,
        aiohttp.ClientSession() as session,
        session.get(f"{playground.url}/control/journal") as response,
    ):
        assert response.status == 404
