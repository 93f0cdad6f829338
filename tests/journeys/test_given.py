"""Pictures that people give: however long they take to read, Discord has its answer in time."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import app
from bot.attachments import encode
from bot.attachments.decoder_processes import DecoderProcesses, Tidied
from generation import images
from generation.catalogue import POCKET
from playground.client.person import File, Outcome
from tests.bot.attachments.test_decoder_processes import noted_and_stuck, stuck, until_ended
from tests.generation.test_local_pool import is_alive
from tests.journeys.conftest import Member, Start, filled, text_of, until_nothing_is_due
from tests.journeys.test_checks import covered


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Pictures are read once this is set."""
    may_read, tidied = threading.Event(), DecoderProcesses.tidied

    async def waits(decoders: DecoderProcesses, data: bytes) -> Tidied:
        assert await asyncio.to_thread(may_read.wait, 20)
        return await tidied(decoders, data)

    monkeypatch.setattr(DecoderProcesses, "tidied", waits)
    yield may_read
    may_read.set()


def given(colour: str = "red", kind: str = "PNG") -> File:
    file = BytesIO()
    Image.new("RGB", (120, 60), colour).save(file, kind)
    return File(f"look.{kind.lower()}", file.getvalue(), f"image/{kind.lower()}")


async def _imagine(person: Member) -> Outcome:
    return await person.slash("imagine", {"prompt": "a fox", "image": given()})


async def _compare(person: Member) -> Outcome:
    options = {"prompt": "a fox", "parameter": "strength", "values": "0.3, 0.6", "steps": 4, "image": given()}
    return await person.slash("compare", options)


async def _blend(person: Member) -> Outcome:
    return await person.slash("blend", {"first": given("red"), "second": given("blue", "JPEG")})


async def _menu(person: Member) -> Outcome:
    content = given()
    opened = await person.menu(
        "Start from this picture", await person.post(content.name, content.data, content.content_type)
    )
    return await person.submit(opened.modal, {"prompt": "a fox", "flags": "--steps 3"})


@pytest.mark.parametrize("ask", [_imagine, _compare, _blend, _menu])
async def test_a_request_is_acknowledged_before_its_pictures_are_read(
    bot: app.Bot, member: Member, reading: threading.Event, ask: Any
) -> None:
    outcome = await ask(member)
    assert outcome.acknowledged == 5
    reading.set()
    assert outcome.message is not None
    await member.see(outcome.message, lambda each: "<@" in text_of(each) and "attachments" in text_of(each))


@pytest.mark.parametrize("ask", [_imagine, _compare, _blend, _menu])
async def test_rules_that_change_while_a_picture_is_read_apply_to_it(
    bot: app.Bot, member: Member, admin: Member, reading: threading.Event, ask: Any
) -> None:
    assert (await ask(member)).acknowledged == 5
    await admin.slash("server pause")
    reading.set()
    refusal = await member.wait_for(lambda each: "Drawing is paused" in each["content"])
    assert refusal["ephemeral_for"] == member.id
    await until_nothing_is_due(bot)


async def test_a_policy_that_changes_while_a_picture_is_read_covers_what_comes_of_it(
    start: Start, member: Member, admin: Member, reading: threading.Event
) -> None:
    async with start(models=(replace(POCKET, harmless=False),)):
        outcome = await _imagine(member)
        await admin.slash("server nsfw", {"policy": "spoiler"})
        reading.set()
        assert outcome.message is not None
        assert covered(await member.see_finished(outcome.message)) == [True]


async def test_a_question_is_acknowledged_before_pictures_are_read(
    bot: app.Bot, member: Member, reading: threading.Event
) -> None:
    question = await member.asks("imagine", prompt="{a, b, c, d, e} fox", steps=1, image=given())
    assert "This makes 5 requests" in text_of(question)
    reading.set()
    await member.see(question, lambda each: "This makes 5 requests" in text_of(each))


async def test_what_cannot_be_read_is_told_to_whoever_gave_it_alone(bot: app.Bot, member: Member) -> None:
    broken = File("look.png", b"no picture", "image/png")
    for command, options in (
        ("imagine", {"prompt": "a fox", "image": broken}),
        ("blend", dict.fromkeys(("first", "second"), broken)),
    ):
        await member.slash(command, options)
        refusal = await member.wait_for(lambda each: "I can't read that picture" in each["content"])
        assert refusal["ephemeral_for"] == member.id
        await member.delete(refusal)
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []


async def test_a_format_that_is_not_read_is_named_whatever_the_file_is_called(bot: app.Bot, member: Member) -> None:
    gif = replace(given(kind="GIF"), name="look.png", content_type="image/png")
    await member.slash("imagine", {"prompt": "a fox", "image": gif})
    await member.wait_for(lambda each: each["content"].count("I can't read GIF. Use PNG, JPEG, WebP or AVIF.") == 1)


async def test_cancel_ends_the_reading_of_a_picture_and_the_next_one_is_read(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(DecoderProcesses, "tidied", lambda each, _: each.run(noted_and_stuck, tmp_path / "id"))
        outcome = await _imagine(member)
        decoder = await stuck(tmp_path / "id")
        queue = await member.looks_up("queue")
        await member.select(queue, "noisefox-stop", ["1"])
        await until_ended(decoder)
    assert outcome.message is not None
    await member.see(outcome.message, lambda each: "Cancelled" in text_of(each))
    await until_nothing_is_due(bot)
    drawn = await _imagine(member)
    assert drawn.message is not None
    await member.see_finished(drawn.message)


async def test_a_stop_waits_for_no_picture_and_the_next_start_reads_it(
    start: Start, member: Member, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(DecoderProcesses, "tidied", lambda each, _: each.run(noted_and_stuck, tmp_path / "id"))
        async with start():
            outcome = await _imagine(member)
            decoder = await stuck(tmp_path / "id")
    assert not is_alive(decoder)
    async with start():
        assert outcome.message is not None
        await member.see_finished(outcome.message)


def test_a_large_jpeg_is_unpacked_no_larger_than_needed() -> None:
    file = BytesIO()
    Image.new("L", (5000, 4400), 77).save(file, "JPEG")
    assert images.read(file.getvalue(), most=2048).size == (2500, 2200)
    png, size = images.tidied(file.getvalue())
    assert size == (2048, 1802)
    assert Image.open(BytesIO(png)).getpixel((9, 9)) == (77, 77, 77)


async def test_a_view_of_a_large_picture_is_acknowledged_before_it_is_read(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await member.imagine("a boat")
    may_read, read = threading.Event(), images.read

    def waits(data: bytes, **options: Any) -> Image.Image:
        assert may_read.wait(20)
        return read(data, **options)

    monkeypatch.setattr(images, "read", waits)
    outcome = await member.select(done, "noisefox:more:1:0", ["pan-down"])
    assert outcome.acknowledged == 5
    may_read.set()
    assert outcome.message is not None
    assert "Panned from" in text_of(await member.see_finished(outcome.message))


async def test_files_are_acknowledged_before_they_are_made_to_fit(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = await member.imagine("a boat", count=2)
    details = (await member.click(two, "Details")).message
    assert details is not None
    fitting, thumbnail, may_read = encode.fitting, encode.thumbnail, threading.Event()

    def fits(png: bytes, most: int) -> encode.Fit:
        assert may_read.wait(20)
        return fitting(png, most)

    def small(png: bytes) -> bytes:
        assert may_read.wait(20)
        return thumbnail(png)

    monkeypatch.setattr(encode, "fitting", fits)
    monkeypatch.setattr(encode, "thumbnail", small)
    outcomes = [
        await member.click(details, "Original 1"),
        await member.select(two, "noisefox:pick:1:0", ["1"]),
        await member.slash("history"),
        await member.slash("favourites"),
    ]
    assert [each.acknowledged for each in outcomes] == [5, 5, 5, 5]
    may_read.set()
    answers = [await member.see(each.message, filled) for each in outcomes if each.message is not None]
    for answer, words in zip(answers, ("The original file", "Picture 2", "Your pictures", "0 in all"), strict=True):
        assert words in text_of(answer)


async def test_a_page_is_turned_before_its_pictures_are_read(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await member.imagine(f"boat {number}")
    listed = await member.looks_up("history")
    thumbnail, may_read = encode.thumbnail, threading.Event()

    def small(png: bytes) -> bytes:
        assert may_read.wait(20)
        return thumbnail(png)

    monkeypatch.setattr(encode, "thumbnail", small)
    assert (await member.click(listed, "Next")).acknowledged == 6
    may_read.set()
    await member.see(listed, lambda each: "boat 0" in text_of(each))
