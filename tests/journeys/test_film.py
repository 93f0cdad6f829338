"""A short film of how a picture came about."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageSequence, ImageStat

from bot import app
from generation.figures import films
from generation.jobs import JobState
from storage.records import Action
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, filled, labels_of, text_of, urls_of, words_of


def filmed(message: Message) -> bool:
    return "As a GIF" in labels_of(message)


async def start_film(member: Member, message: Message, number: int, picture: int = 0) -> Message:
    """Ask for the film of a picture of request `number`; the message that will show it."""
    outcome = await member.select(message, f"noisefox:more:{number}:{picture}", ["film"])
    assert outcome.message is not None, outcome
    return outcome.message


async def film(member: Member, message: Message, number: int, picture: int = 0) -> Message:
    return await member.see(await start_film(member, message, number, picture), filmed)


async def is_deleted(bot: app.Bot, number: int) -> bool:
    generation = await bot.generations.get(number)
    return generation is not None and generation.state is JobState.DELETED


async def frames_of(member: Member, message: Message) -> tuple[list[Image.Image], list[int]]:
    """The frames of a film, and the milliseconds of each."""
    frames, milliseconds = [], []
    [url] = urls_of(message)
    with Image.open(BytesIO(await member.download(url))) as moving:
        for frame in ImageSequence.Iterator(moving):
            frames.append(frame.convert("RGB"))
            milliseconds.append(int(frame.info["duration"]))
    return frames, milliseconds


@pytest.mark.real_worker
async def test_months_later_the_same_picture_comes_out_of_the_noise(
    start: Start, member: Member, clock: Clock, tmp_path: Path
) -> None:
    async with start():
        done = await member.imagine("a red apple", seed=7, steps=6)
        picture = (await member.image(done)).convert("RGB")
    clock.ahead += 100 * 86400
    async with start():
        shown = await film(member, done, 1)
        frames, milliseconds = await frames_of(member, shown)
        assert len(frames) >= 6, "the last step may show the picture already; equal frames become one"
        assert {frame.size for frame in frames} == {picture.size}
        assert sum(milliseconds) == 6 * films.STEP_MS + films.LAST_MS
        assert milliseconds[-1] >= films.LAST_MS
        away = [sum(ImageStat.Stat(ImageChops.difference(frame, picture)).mean) / 3 for frame in frames]
        assert away[-1] < 3 < away[0], "it ends on the picture, as far as the WebP lets it"
        first, again = sorted(
            path for path in (tmp_path / "data" / "pictures").rglob("*.png") if "figure" not in path.name
        )
        assert first.read_bytes() == again.read_bytes()
        assert labels_of(shown) == ["Details", "As a GIF", "Favourite", "Delete", "Report"]
        assert "How [this picture](" in words_of(shown)


async def test_a_film_of_one_of_several_and_of_an_enlarged_picture_is_of_the_one_that_was_drawn(
    bot: app.Bot, pool: FakePool, member: Member
) -> None:
    several = await member.imagine("a cat", seed=7, count=2)
    picked = await member.select(several, "noisefox:pick:1:0", ["1"])
    assert picked.message is not None
    await film(member, await member.see(picked.message, lambda each: bool(urls_of(each))), 1, 1)
    asked = await bot.generations.get(2)
    assert asked is not None
    assert asked.lineage.action is Action.FILM
    assert asked.settings.seed == 8
    large = await member.press(several, "U2")
    shown = await film(member, large, 3)
    again = await bot.generations.get(4)
    assert again is not None
    assert again.settings == asked.settings
    gif = await member.click(shown, "As a GIF")
    assert gif.message is not None
    assert (await member.image(await member.see(gif.message, lambda each: bool(urls_of(each))))).format == "GIF"
    await member.click(several, "❌")
    async with asyncio.timeout(60):
        while not await is_deleted(bot, 1):
            await asyncio.sleep(0.01)
    refused = await start_film(member, large, 3)
    assert "That picture is no longer available" in text_of(await member.see(refused, filled))


async def test_it_waits_is_cancelled_charged_and_hidden_as_any_request(
    bot: app.Bot, pool: FakePool, member: Member
) -> None:
    private = await member.imagine("a secret --spoiler", private=True)
    shown = await film(member, private, 1)
    assert shown["ephemeral_for"] == member.id
    assert ["SPOILER_" in url for url in urls_of(shown)] == [True]
    charged = await bot.generations.get(2)
    assert charged is not None
    assert charged.charged > charged.settings.steps
    pool.hold()
    drawing = await member.see_drawing(pool, await start_film(member, private, 1))
    await member.click(drawing, "Cancel")
    assert "Cancelled." in text_of(await member.see(drawing, lambda each: "Cancelled." in text_of(each)))
