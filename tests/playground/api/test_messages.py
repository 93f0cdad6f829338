"""Posting, editing and deleting messages and reactions through discord.py."""

import discord
import pytest

from playground import Playground
from playground.client.person import Person, Refused
from tests.playground.conftest import Client, Connect, general


async def test_send_edit_reply_delete(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as person:
        message = await general(client).send("one", nonce="7", allowed_mentions=discord.AllowedMentions.none())
        again = await general(client).send("one", nonce="7")
        assert again.id == message.id
        await message.edit(content="two")
        reply = await message.reply("three")
        assert reply.reference is not None
        assert reply.reference.message_id == message.id
        history = [item.content async for item in general(client).history(limit=10)]
        assert history == ["three", "two"]
        seen = await person.wait_for(lambda item: item["content"] == "three")
        assert seen["referenced_message"]["content"] == "two"
        await reply.delete()
        await person.wait_until(lambda: len(person.messages()) == 1)
        with pytest.raises(discord.NotFound) as refused:
            await reply.edit(content="gone")
        assert refused.value.code == 10008


async def test_reactions(playground: Playground, client: Client, connect: Connect) -> None:
    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        message = await general(client).send("react")
        await message.add_reaction("🔁")
        seen = await one.wait_for(lambda item: bool(item.get("reactions")))
        await one.react(seen, "🔁")
        added = await client.first_event("reaction")
        while added.user_id != int(one.id):
            client.events.remove(("reaction", added))
            added = await client.first_event("reaction")
        assert (added.message_id, str(added.emoji), added.member.name) == (message.id, "🔁", "member one")
        seen = await two.wait_for(lambda item: "reactions" in item and item["reactions"][0]["count"] == 2)
        assert seen["reactions"][0]["me"] is False
        await one.unreact(seen, "🔁")
        assert (await client.first_event("unreaction")).user_id == int(one.id)
        with pytest.raises(discord.HTTPException) as refused:
            await message.add_reaction("x")
        assert refused.value.code == 10014


async def test_others_messages(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as one:
        said = await one.say("hello")
        event = await client.first_event("message")
        assert (event.id, event.content, event.author.name) == (int(said["id"]), "", "member one")
        with pytest.raises(discord.Forbidden) as refused:
            await general(client).get_partial_message(event.id).edit(content="mine")
        assert refused.value.code == 50005
        with pytest.raises(discord.Forbidden) as refused:
            await general(client).get_partial_message(event.id).delete()
        assert refused.value.code == 50013
        async with Person(playground.url, "member two") as two:
            with pytest.raises(Refused, match="your own"):
                await two.delete(said)
        mention = await one.say(f"<@{client.application_id}> hello")
        while (event := await client.first_event("message")).id != int(mention["id"]):
            client.events.remove(("message", event))
        assert event.content.endswith("hello")


async def test_a_prompt_pings_nobody(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as one:
        text = f"<@{one.id}> @everyone"
        pinged = await general(client).send(text)
        assert [user.name for user in pinged.mentions] == ["member one"]
        quiet = await general(client).send(text, allowed_mentions=discord.AllowedMentions.none())
        assert quiet.mentions == []
        assert not quiet.mention_everyone
