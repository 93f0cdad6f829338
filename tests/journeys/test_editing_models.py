"""Models that edit pictures by words: they need a picture, and take no strength."""

from io import BytesIO

import pytest
from PIL import Image

from generation.catalogue import ModelSpec
from playground.client.person import File
from tests.journeys.conftest import Member, Message, Start, finished, text_of
from tests.journeys.test_result import settings_in

NO_PICTURE = "pix2pix edits pictures. Attach one as `image`, and write what to change."
NO_STRENGTH = "pix2pix doesn't support strength."
NO_HIRES = "pix2pix doesn't support hires."


@pytest.fixture
def house() -> File:
    file = BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 40)).save(file, "PNG")
    return File("house.png", file.getvalue(), "image/png")


async def refused(member: Member, **options: object) -> str:
    return text_of((await member.slash("imagine", {"prompt": "make it snow", **options})).message or {})


async def test_it_edits_a_picture_in_all_steps(start: Start, member: Member, pix2pix: ModelSpec, house: File) -> None:
    async with start(models=(pix2pix,)):
        assert NO_PICTURE in await refused(member)
        assert NO_STRENGTH in await refused(member, image=house, strength=0.5)
        assert NO_HIRES in await refused(member, image=house, prompt="make it snow --hires 2")
        done = await member.imagine("make it snow", image=house)
        assert finished(done)
        assert (await settings_in(member, done)).denoising_strength == 1


async def test_what_comes_of_an_edit_is_an_edit_too(
    start: Start, member: Member, pix2pix: ModelSpec, house: File
) -> None:
    async with start(models=(pix2pix,)):
        done = await member.imagine("make it snow", image=house)
        for label in ("Re-roll", "Vary"):
            again: Message = await member.press(done, label)
            assert (await settings_in(member, again)).denoising_strength == 1
        assert (await settings_in(member, await member.press(again, "Vary"))).denoising_strength == 1
        assert "zoom-far" not in text_of(done), "it has no strength to draw around a picture at"
