"""Messages, reactions and links, through the real client."""

import io

import discord
import pytest
from PIL import Image

from playground import Playground
from playground.client.person import Person, Refused
from playground.state.world import GENERAL_ID
from tests.playground.conftest import Client, Clock, Connect, picture


def general(client: Client) -> discord.TextChannel:
    channel = client.playground_guild.get_channel(GENERAL_ID)
    assert isinstance(channel, discord.TextChannel)
    return channel


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
        seen = await person.wait_for(lambda item: item["content"] == "three", timeout=5)
        assert seen["referenced_message"]["content"] == "two"
        await reply.delete()
        await person.wait_until(lambda: len(person.messages()) == 1, timeout=5)
        with pytest.raises(discord.NotFound) as refused:
            await reply.edit(content="gone")
        assert refused.value.code == 10008


async def test_attachments_are_kept_replaced_and_dropped(
    playground: Playground, client: Client, connect: Connect
) -> None:
    async with connect(client):
        files = [discord.File(io.BytesIO(picture(width)), f"{width}.png") for width in (4, 5)]
        message = await general(client).send(files=files)
        assert [attachment.width for attachment in message.attachments] == [4, 5]
        message = await message.edit(content="text")
        assert len(message.attachments) == 2
        third = discord.File(io.BytesIO(picture(6)), "6.png")
        message = await message.edit(attachments=[message.attachments[1], third])
        assert [attachment.width for attachment in message.attachments] == [5, 6]
        message = await message.edit(attachments=[])
        assert message.attachments == []
        with pytest.raises(discord.HTTPException) as refused:
            await message.edit(content="")
        assert refused.value.code == 50006


async def test_pictures_in_embeds_are_not_listed(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as person:
        embed = discord.Embed(title="A fox").set_image(url="attachment://fox.png")
        message = await general(client).send(embed=embed, file=discord.File(io.BytesIO(picture()), "fox.png"))
        assert message.attachments == []
        assert (message.embeds[0].image.width, message.embeds[0].image.height) == (8, 6)
        url = message.embeds[0].image.url
        assert url is not None
        assert await person.download(url) == picture()
        message = await message.edit(content="still there", embed=message.embeds[0])
        assert message.embeds[0].image.url is not None
        assert await person.download(message.embeds[0].image.url) == picture()


async def test_links_expire_and_cannot_be_forged(
    playground: Playground, client: Client, connect: Connect, clock: Clock
) -> None:
    async with connect(client), Person(playground.url, "member one") as person:
        message = await general(client).send(file=discord.File(io.BytesIO(picture()), "fox.png"))
        url = message.attachments[0].url
        with pytest.raises(Refused, match="no longer available"):
            await person.download(url.replace("fox.png", "owl.png"))
        with pytest.raises(Refused, match="no longer available"):
            await person.download(url.partition("?")[0])
        clock.ahead += 25 * 3600
        with pytest.raises(Refused, match="no longer available"):
            await person.download(url)
        message = await general(client).fetch_message(message.id)
        assert await message.attachments[0].read() == picture()


async def test_jpeg_metadata_is_stripped(playground: Playground, client: Client, connect: Connect) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "orange").save(buffer, "JPEG", comment="secret", exif=b"Exif\0\0secret")
    assert b"secret" in buffer.getvalue()
    async with connect(client):
        message = await general(client).send(file=discord.File(io.BytesIO(buffer.getvalue()), "fox.jpg"))
        data = await message.attachments[0].read()
    assert b"secret" not in data
    with Image.open(io.BytesIO(data)) as image:
        image.load()


async def test_reactions(playground: Playground, client: Client, connect: Connect) -> None:
    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        message = await general(client).send("react")
        await message.add_reaction("🔁")
        seen = await one.wait_for(lambda item: bool(item.get("reactions")), timeout=5)
        await one.react(seen, "🔁")
        added = await client.hears("reaction")
        while added.user_id != int(one.id):
            client.heard.remove(("reaction", added))
            added = await client.hears("reaction")
        assert (added.message_id, str(added.emoji), added.member.name) == (message.id, "🔁", "member one")
        seen = await two.wait_for(lambda item: "reactions" in item and item["reactions"][0]["count"] == 2, timeout=5)
        assert seen["reactions"][0]["me"] is False
        await one.unreact(seen, "🔁")
        assert (await client.hears("unreaction")).user_id == int(one.id)
        with pytest.raises(discord.HTTPException) as refused:
            await message.add_reaction("x")
        assert refused.value.code == 10014


async def test_others_messages(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as one:
        said = await one.say("hello")
        heard = await client.hears("message")
        assert (heard.id, heard.content, heard.author.name) == (int(said["id"]), "", "member one")
        with pytest.raises(discord.Forbidden) as refused:
            await general(client).get_partial_message(heard.id).edit(content="mine")
        assert refused.value.code == 50005
        with pytest.raises(discord.Forbidden) as refused:
            await general(client).get_partial_message(heard.id).delete()
        assert refused.value.code == 50013
        async with Person(playground.url, "member two") as two:
            with pytest.raises(Refused, match="your own"):
                await two.delete(said)
        mention = await one.say(f"<@{client.application_id}> hello")
        while (heard := await client.hears("message")).id != int(mention["id"]):
            client.heard.remove(("message", heard))
        assert heard.content.endswith("hello")


async def test_a_prompt_pings_nobody(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member one") as one:
        text = f"<@{one.id}> @everyone"
        pinged = await general(client).send(text)
        assert [user.name for user in pinged.mentions] == ["member one"]
        quiet = await general(client).send(text, allowed_mentions=discord.AllowedMentions.none())
        assert quiet.mentions == []
        assert not quiet.mention_everyone
