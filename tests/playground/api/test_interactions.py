"""Initial responses, follow-ups, edits and expired tokens."""

import asyncio
import io

import discord
import pytest

from playground import Playground
from playground.client.person import Person
from playground.state.world import GENERAL_ID
from tests.playground.conftest import Client, Clock, Connect, general, picture


async def test_answers_at_once(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction, prompt: str, steps: int = 20) -> None:
        """Draws."""
        answered = await interaction.response.send_message(f"{prompt} in {steps}")
        assert answered.message_id is not None

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("imagine", {"prompt": "a fox"})
        assert outcome.acknowledged == 4
        assert outcome.message is not None
        assert outcome.message["content"] == "a fox in 20"
        assert outcome.message["interaction_metadata"]["name"] == "imagine"
        assert outcome.message["interaction_metadata"]["user"]["id"] == person.id


async def test_deferred_answer_then_edit_with_file(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.defer()
        file = discord.File(io.BytesIO(picture()), "fox 1.png", description="a fox")
        edited = await interaction.edit_original_response(content="done", attachments=[file])
        assert edited.attachments[0].width == 8

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("imagine")
        assert outcome.acknowledged == 5
        assert outcome.message is not None
        assert outcome.message["flags"] == 128
        message = await person.wait_for(lambda message: message["content"] == "done")
        assert message["id"] == outcome.message["id"]
        assert message["flags"] == 0
        attachment = message["attachments"][0]
        assert (attachment["filename"], attachment["content_type"]) == ("fox_1.png", "image/png")
        assert (attachment["width"], attachment["height"], attachment["description"]) == (8, 6, "a fox")
        assert await person.download(attachment["url"]) == picture()


async def test_ephemeral_is_seen_by_one_only(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def secret(interaction: discord.Interaction) -> None:
        """Whispers."""
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        outcome = await one.slash("secret")
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == one.id
        assert outcome.message["flags"] & 64
        await one.wait_for(lambda message: message["content"] == "more")
        await two.say("anything there?")
        await one.wait_for(lambda message: message["content"] == "anything there?")
        assert [message["content"] for message in one.messages()] == ["psst", "more", "anything there?"]
        assert [message["content"] for message in two.messages()] == ["anything there?"]
        with pytest.raises(discord.NotFound):
            await general(client).fetch_message(int(outcome.message["id"]))
        await one.delete(outcome.message)
        await one.wait_until(lambda: len(one.messages()) == 2)


async def test_first_follow_up_takes_the_place_of_the_deferred_answer(
    playground: Playground, client: Client, connect: Connect
) -> None:
    @client.tree.command()
    async def think(interaction: discord.Interaction) -> None:
        """Thinks."""
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second")
        await interaction.delete_original_response()
        await interaction.followup.send("third")

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("think")
        second = await person.wait_for(lambda message: message["content"] == "second")
        assert second["ephemeral_for"] is None
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == person.id
        await person.wait_for(lambda message: message["content"] == "third")
        assert [message["content"] for message in person.messages()] == ["second", "third"]


async def test_double_acknowledgement(playground: Playground, client: Client, connect: Connect) -> None:
    refusals: list[discord.HTTPException] = []

    @client.tree.command()
    async def twice(interaction: discord.Interaction) -> None:
        """Answers twice."""
        await interaction.response.send_message("one")
        with pytest.raises(discord.HTTPException) as refused:
            await discord.InteractionResponse(interaction).send_message("two")
        refusals.append(refused.value)
        await interaction.followup.send("done")

    async with connect(client), Person(playground.url, "member one") as person:
        await person.slash("twice")
        await person.wait_for(lambda message: message["content"] == "done")
        assert [(refusal.status, refusal.code) for refusal in refusals] == [(400, 40060)]
        assert [message["content"] for message in person.messages()] == ["one", "done"]


async def test_in_a_channel_that_is_deleted_nothing_is_there(
    playground: Playground, client: Client, connect: Connect
) -> None:
    refusals: list[tuple[int, int]] = []
    done = asyncio.Event()

    @client.tree.command()
    async def wait(interaction: discord.Interaction) -> None:
        """Waits."""
        await interaction.response.defer()
        original = await interaction.original_response()
        playground.delete_channel(GENERAL_ID)
        own = client.get_partial_messageable(GENERAL_ID)
        for attempt in (
            interaction.edit_original_response(content="x"),
            interaction.followup.send("x"),
            own.send("x"),
            own.get_partial_message(original.id).edit(content="x"),
        ):
            with pytest.raises(discord.NotFound) as refused:
                await attempt
            refusals.append((refused.value.status, refused.value.code))
        done.set()

    async with connect(client), Person(playground.url, "member one") as person:
        await person.slash("wait")
        await asyncio.wait_for(done.wait(), 5)
    assert refusals == [(404, 10003)] * 4


async def test_late_acknowledgement(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    refusals: list[discord.HTTPException] = []
    refused_late = asyncio.Event()

    @client.tree.command()
    async def late(interaction: discord.Interaction) -> None:
        """Answers after 3.1 s."""
        clock.ahead += 3.1
        try:
            await interaction.response.send_message("too late")
        except discord.HTTPException as refused:
            refusals.append(refused)
        refused_late.set()

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("late")
        assert outcome.failed
        await refused_late.wait()
        assert [(refusal.status, refusal.code) for refusal in refusals] == [(404, 10062)]
        assert person.messages() == []


async def test_token_expires(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    kept: list[discord.Interaction] = []

    @client.tree.command()
    async def keep(interaction: discord.Interaction) -> None:
        """Keeps the interaction."""
        await interaction.response.defer()
        kept.append(interaction)

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("keep")
        assert outcome.message is not None
        clock.ahead += 14.9 * 60
        await kept[0].edit_original_response(content="just in time")
        clock.ahead += 0.2 * 60
        with pytest.raises(discord.HTTPException) as refused:
            await kept[0].edit_original_response(content="too late")
        assert (refused.value.status, refused.value.code) == (401, 50027)
        message = await general(client).fetch_message(int(outcome.message["id"]))
        await message.edit(content="by the channel")
        await person.wait_for(lambda message: message["content"] == "by the channel")


async def test_a_bot_that_is_offline(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""

    async with connect(client):
        assert playground.bot_online
    async with Person(playground.url, "member one") as person:
        assert not person.bot_online
        running = asyncio.create_task(person.slash("imagine"))
        async with asyncio.timeout(60):
            while not playground.waiting:
                await asyncio.sleep(0.005)
        clock.ahead += 3.1
        assert (await running).failed
