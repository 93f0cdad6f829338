"""Autocomplete and context menu commands."""

import discord
import pytest
from discord import app_commands

from playground import Playground
from playground.client.person import Person, Refused
from playground.state.world import MEMBER_TWO_ID
from tests.playground.conftest import Client, Connect


async def test_autocomplete(playground: Playground, client: Client, connect: Connect) -> None:
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        prefix = f"{interaction.namespace.steps}-{current}"
        return [app_commands.Choice(name=f"{prefix}{number}", value=str(number)) for number in range(2)]

    @client.tree.command()
    @app_commands.autocomplete(sampler=complete)
    async def imagine(interaction: discord.Interaction, steps: int, sampler: str) -> None:
        """Draws."""

    async with connect(client), Person(playground.url, "member one") as person:
        choices = await person.autocomplete("imagine", {"steps": 7, "sampler": "eu"}, focused="sampler")
        assert choices == [{"name": "7-eu0", "value": "0"}, {"name": "7-eu1", "value": "1"}]
        with pytest.raises(Refused, match="no suggestions"):
            await person.autocomplete("imagine", {}, focused="steps")


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
