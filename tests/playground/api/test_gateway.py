"""Lost connections, resumed sessions, refused identifies."""

import asyncio
from collections.abc import Callable

import discord
import pytest

from playground import Playground
from playground.api import gateway
from playground.client.person import Person
from tests.playground.conftest import Client, Clock, Connect, connected


@pytest.fixture
def reconnects_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py reconnect without waiting."""
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 0.01)


def answering() -> Client:
    client = Client()

    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message("drawn")

    return client


@pytest.mark.usefixtures("reconnects_at_once")
@pytest.mark.parametrize("cut", [Playground.request_reconnect, Playground.drop_connections])
async def test_resumes_and_hears_what_it_missed(
    playground: Playground, connect: Connect, cut: Callable[[Playground], asyncio.Future[None]]
) -> None:
    client = answering()
    async with connect(client), Person(playground.url, "member one") as person:
        await cut(playground)
        running = asyncio.create_task(person.slash("imagine"))
        said = await person.say("meanwhile")
        outcome = await running
        assert outcome.message is not None
        assert outcome.message["content"] == "drawn"
        await asyncio.wait_for(client.resumed.wait(), 5)
        while (event := await client.first_event("message")).id != int(said["id"]):
            client.events.remove(("message", event))


@pytest.mark.usefixtures("reconnects_at_once")
async def test_identifies_anew_when_the_session_is_invalid(playground: Playground, connect: Connect) -> None:
    client = answering()
    async with connect(client), Person(playground.url, "member one") as person:
        await playground.invalidate_session(resumable=False)
        async with asyncio.timeout(60):
            while not playground.bot_online:
                await asyncio.sleep(0.005)
        assert not client.resumed.is_set()
        assert (await person.slash("imagine")).acknowledged == 4


@pytest.mark.usefixtures("reconnects_at_once")
async def test_a_session_cannot_be_resumed_for_ever(playground: Playground, connect: Connect, clock: Clock) -> None:
    client = answering()
    async with connect(client), Person(playground.url, "member one") as person:
        dropped = asyncio.create_task(playground.drop_connections())
        await person.wait_until(lambda: not person.bot_online)
        clock.ahead += 301
        await dropped
        await person.wait_until(lambda: person.bot_online)
        assert not client.resumed.is_set()


async def test_an_acknowledgement_is_that_of_the_heartbeat_just_sent(
    playground: Playground, connect: Connect, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    interval = 0.4
    monkeypatch.setattr(gateway, "HEARTBEAT_INTERVAL_MS", interval * 1000)
    async with connect(client), asyncio.timeout(60):
        first = client.latency
        while client.latency == first or first == float("inf"):
            first = min(first, client.latency)
            await asyncio.sleep(0.01)
        assert gateway.ACK_SECONDS / 2 < client.latency < interval * 0.9


async def test_a_wrong_token_is_refused(
    playground: Playground, client: Client, redirected: Callable[[Playground], None]
) -> None:
    redirected(playground)
    with pytest.raises(discord.LoginFailure):
        async with connected(client, "wrong"):
            pass


async def test_privileged_intents_are_refused(playground: Playground, connect: Connect) -> None:
    client = Client(discord.Intents.all())
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connect(client):
            pass


async def test_presence_is_shown(playground: Playground, client: Client, connect: Connect) -> None:
    async with Person(playground.url, "member one") as person:
        assert not person.bot_online
        async with connect(client):
            await person.wait_until(lambda: person.bot_online)
        await person.wait_until(lambda: not person.bot_online)
