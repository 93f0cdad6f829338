"""DMs, hidden channels, private threads and the bot's permissions."""

import discord
import pytest

from playground import Playground
from playground.client.person import Person, Refused
from playground.state.world import ADMIN_ID, ART_ID, GENERAL_ID, MEMBER_TWO_ID, Permission
from tests.playground.conftest import Client, Connect


async def test_in_a_dm(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message(f"{interaction.guild} {type(interaction.channel).__name__}")
        await interaction.user.send("and here")

    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        outcome = await one.slash("imagine", channel="dm")
        assert outcome.message is not None
        assert outcome.message["content"] == "None DMChannel"
        await one.wait_for(lambda message: message["content"] == "and here")
        assert [message["content"] for message in one.messages("dm")] == ["None DMChannel", "and here"]
        await one.say("thanks", channel="dm")
        event = await client.first_event("message")
        while event.content != "thanks":
            client.events.remove(("message", event))
            event = await client.first_event("message")
        with pytest.raises(Refused):
            two.messages("dm")
        playground.world.closed_dms.add(int(two.id))
        user = await client.fetch_user(int(two.id))
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("no")
        assert refused.value.code == 50007


async def test_hidden_channels_and_private_threads(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member two") as person:
        playground.hide(ART_ID, MEMBER_TWO_ID)
        thread = str(playground.open_thread("whispers", GENERAL_ID, MEMBER_TWO_ID))
        await person.wait_until(lambda: person.sees(thread) and not person.sees(str(ART_ID)))
        await person.say("hello", thread)
        await client.first_event("message")
        guild = client.playground_guild
        art, whispers = guild.get_channel(ART_ID), guild.get_thread(int(thread))
        assert isinstance(art, discord.TextChannel)
        assert whispers is not None
        assert whispers.is_private()
        two, admin = await guild.fetch_member(MEMBER_TWO_ID), await guild.fetch_member(ADMIN_ID)
        assert not art.permissions_for(two).view_channel
        assert (await whispers.fetch_member(two.id)).id == two.id
        with pytest.raises(discord.NotFound):
            await whispers.fetch_member(admin.id)


async def test_app_permissions(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message(str(interaction.app_permissions.send_messages))

    async with connect(client), Person(playground.url, "member one") as person:
        playground.set_bot_permissions(ART_ID, int(Permission.VIEW_CHANNEL))
        outcome = await person.slash("imagine", channel="art")
        assert outcome.message is not None
        assert outcome.message["content"] == "False"
        art = client.playground_guild.get_channel(ART_ID)
        assert isinstance(art, discord.TextChannel)
        assert not art.permissions_for(client.playground_guild.me).send_messages
        with pytest.raises(discord.Forbidden) as refused:
            await art.send("hello")
        assert refused.value.code == 50013
        playground.world.bot_permissions[ART_ID] = 0
        with pytest.raises(discord.Forbidden) as refused:
            await art.send("hello")
        assert refused.value.code == 50001
