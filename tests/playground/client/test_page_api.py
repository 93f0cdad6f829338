"""The page API: context menu commands and unknown users."""

import aiohttp
import discord

from playground import Playground
from playground.client.person import Person
from playground.state.world import MEMBER_TWO_ID
from tests.playground.conftest import Client, Connect


async def test_message_menu(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.context_menu(name="Read settings")
    async def read(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(message.content, ephemeral=True)

    @client.tree.context_menu(name="Pictures of")
    async def pictures(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(member.name)

    async with connect(client), Person(playground.url, "member one") as person:
        said = await person.say("20 steps")
        outcome = await person.menu("Read settings", said)
        assert outcome.message is not None
        assert outcome.message["content"] == "20 steps"
        outcome = await person.menu("Pictures of", str(MEMBER_TWO_ID))
        assert outcome.message is not None
        assert outcome.message["content"] == "member two"


async def test_page_refuses_strangers(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{playground.url}/page/state", params={"user": "1"}) as response:
            assert response.status == 403
            assert (await response.json())["message"] == "There is no such user."
        async with session.get(f"{playground.url}/") as response:
            assert (response.status, response.content_type) == (200, "text/html")
