"""Attachments: editing them, displaying them in embeds, expiring links, removed metadata."""

import io

import discord
import pytest
from PIL import Image
from PIL.ExifTags import Base

from playground import Playground
from playground.client.person import Person, Refused
from playground.state.attachments import without_metadata
from tests.playground.conftest import Client, Clock, Connect, general, picture


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


def test_a_picture_of_a_phone_is_turned_before_its_metadata_is_stripped() -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[Base.Orientation] = 6
    sideways = Image.new("RGB", (16, 8), "orange")
    sideways.paste("blue", (0, 0, 8, 8))
    sideways.save(buffer, "JPEG", exif=exif)
    with Image.open(io.BytesIO(without_metadata(buffer.getvalue()))) as image:
        assert image.size == (8, 16)
        assert not image.getexif()
        assert image.convert("RGB").getpixel((4, 2))[2] > 200, "blue is at the top"  # type: ignore[index]
    assert without_metadata(buffer.getvalue()[:40]).startswith(b"\xff\xd8"), "a damaged one is kept"


def test_a_jpeg_whose_exif_breaks_the_library_is_kept() -> None:
    buffer = io.BytesIO()
    turned, negative = b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", b"\x03\x01\x08\0\x01\0\0\0\xff\xff\0\0"
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + turned + negative + b"\0\0\0\0"
    Image.new("RGB", (16, 8), "orange").save(buffer, "JPEG", exif=exif)
    with Image.open(io.BytesIO(without_metadata(buffer.getvalue()))) as image:
        assert not image.getexif()


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
