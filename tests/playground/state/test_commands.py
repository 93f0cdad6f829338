"""Which commands a person can use where."""

import discord
import pytest
from discord import app_commands

from playground import Playground
from playground.client.person import Person, Refused
from tests.playground.conftest import Client, Connect


async def test_commands_are_hidden_from_whom_they_are_not_for(
    playground: Playground, client: Client, connect: Connect
) -> None:
    server = app_commands.Group(
        name="server", description="-", guild_only=True, default_permissions=discord.Permissions(manage_guild=True)
    )

    @server.command()
    async def defaults(interaction: discord.Interaction, steps: int) -> None:
        """Sets defaults."""
        await interaction.response.send_message(f"{steps} {interaction.permissions.manage_guild}")

    @client.tree.command(nsfw=True)
    async def nude(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message("ok")

    client.tree.add_command(server)
    async with (
        connect(client),
        Person(playground.url, "admin") as admin,
        Person(playground.url, "member one") as member,
    ):
        assert {command["name"] for command in admin.commands} == {"server", "nude"}
        assert {command["name"] for command in member.commands} == {"nude"}
        outcome = await admin.slash("server defaults", {"steps": 9})
        assert outcome.message is not None
        assert outcome.message["content"] == "9 True"
        with pytest.raises(Refused, match="subcommands"):
            await admin.slash("server")
        with pytest.raises(Refused, match="no command /server"):
            await member.slash("server defaults", {"steps": 9})
        with pytest.raises(Refused, match="can't be used in this channel"):
            await member.slash("nude", channel="general")
        assert (await member.slash("nude", channel="nsfw-art")).acknowledged == 4
        with pytest.raises(Refused, match="can't be used in this channel"):
            await admin.slash("server defaults", {"steps": 9}, channel="dm")
