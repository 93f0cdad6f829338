"""Drawing a part of a picture anew: cells of a grid, chosen on a phone."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import app
from generation import regions
from generation.jobs import Draw
from playground.client.person import File, Outcome
from tests.fake_pool import FakePool
from tests.fake_vision import FakeVision
from tests.journeys.conftest import Member, Message, Start, labels_of, parts_of, text_of, urls_of, words_of
from tests.journeys.test_result import settings_in


async def chosen(member: Member, message: Message, what: str, values: list[str]) -> Message:
    """Choose in the select of cells or of lines, and wait until the message says how many cells there are."""
    before = text_of(message)
    select = next(each for each in _selects(message) if f":{what}:" in each)
    await member.select(message, select, values)
    return await member.see(message, lambda each: text_of(each) != before)


def _selects(message: Message) -> list[str]:
    rows = [row for part in message["components"] for row in part.get("components", [])]
    return [item["custom_id"] for row in rows for item in row.get("components", []) if item["type"] == 3]


async def opened(member: Member, picture: Message) -> Message:
    outcome = await member.click(picture, "Vary region")
    assert outcome.message is not None, outcome
    return await member.see(outcome.message, lambda each: "cells are chosen" in text_of(each))


async def drawn(member: Member, choice: Message, words: str) -> Message:
    outcome = await member.submit((await member.click(choice, "Describe it…")).modal, {"prompt": words})
    assert outcome.message is not None, outcome
    return await member.see_finished(outcome.message)


async def pixels(member: Member, message: Message, index: int) -> Any:
    return np.asarray((await member.image(message, index)).convert("RGB"))


def masked(cells: int, size: tuple[int, int]) -> Any:
    """True in the cells."""
    return np.asarray(Image.open(BytesIO(regions.mask_of(cells, size)))) > 0


@pytest.mark.real_worker
async def test_nothing_outside_of_the_cells_changes(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a red apple", seed=7, steps=4)
    choice = await chosen(member, await opened(member, first), "cells", ["6", "7", "8", "11", "12", "13"])
    assert "6 of 25 cells are chosen" in words_of(choice)
    changed = await drawn(member, choice, "a green apple")
    before, after = await pixels(member, first, 0), await pixels(member, changed, 1)
    mask = masked(regions.cells_of([6, 7, 8, 11, 12, 13]), (128, 128))
    assert (before[~mask] == after[~mask]).all()
    assert (before[mask] != after[mask]).any()
    settings = await settings_in(member, changed, 1)
    assert (settings.prompt, settings.denoising_strength) == ("a green apple", 0.85)
    assert "A part of [this picture]" in words_of(changed)
    assert labels_of(changed)[1:5] == ["Undo", "Again", "More", "Less"]


async def test_rows_columns_and_cells_add_up_and_are_cleared(bot: app.Bot, member: Member, pool: FakePool) -> None:
    first = await member.imagine("a fox --size 160x96")
    choice = await chosen(member, await opened(member, first), "lines", ["row-0", "column-4"])
    assert "9 of 25" in words_of(choice)
    choice = await chosen(member, choice, "cells", ["0", "1"])
    assert "2 of 25" in words_of(choice), "what is not chosen any more is taken out"
    await member.click(choice, "Clear")
    choice = await member.see(choice, lambda each: "0 of 25" in text_of(each))
    choice = await chosen(member, choice, "lines", ["column-0"])
    pool.hold()
    await member.submit((await member.click(choice, "Describe it…")).modal, {"prompt": "a wolf"})
    await pool.until_at_work()
    [job] = pool.at_work.values()
    assert isinstance(job.task, Draw)
    mask = Image.open(BytesIO(job.task.inputs.mask))
    assert (mask.size, mask.getbbox()) == ((160, 96), (0, 0, 32, 96))
    pool.release()


async def test_the_choice_is_private_and_outlives_a_restart(start: Start, member: Member, other: Member) -> None:
    async with start():
        first = await member.imagine("a fox")
        choice = await chosen(other, await opened(other, first), "lines", ["row-1"])
        assert choice["ephemeral_for"] == other.id
        assert urls_of(choice)
    async with start():
        changed = await drawn(other, choice, "a wolf")
        assert f"<@{other.id}>" in words_of(changed)
        again = await other.press(changed, "Again")
        assert (await settings_in(other, again, 1)).prompt == "a wolf"


def values_in(form: Any) -> list[str]:
    """The texts that a form's fields are filled with."""
    return [part["value"] for part in parts_of(form["components"]) if part.get("value")]


async def asked(member: Member, picture: Message, part: str, words: str) -> Outcome:
    """Fill in the form that asks for a part by its name."""
    return await member.submit((await member.click(picture, "Vary region")).modal, {"part": part, "prompt": words})


async def test_who_waits_for_a_model_keeps_nobody_elses_pictures_waiting(
    start: Start, member: Member, other: Member
) -> None:
    vision = FakeVision()
    vision.boxes["the hat"] = (8, 8, 40, 40)
    async with start(vision=vision):
        first = await member.imagine("a fox")
        vision.sees.clear()
        waiting = [await asked(member, first, "the hat", "a fox") for _ in range(3)]
        photo = File("photo.png", await other.download(urls_of(first)[0]))
        outcome = await other.slash("edit", {"image": photo, "change": "at night"})
        assert outcome.message is not None
        await other.see_finished(outcome.message)
        vision.sees.set()
        for each in waiting:
            assert each.message is not None
            await member.see_finished(each.message)


async def test_an_enlarged_picture_keeps_its_size_and_what_is_kept_is_refused(
    bot: app.Bot, member: Member, pool: FakePool
) -> None:
    words = "a fox " + "in the snow " * 400
    first = await member.imagine(words)
    large = await member.press(first, "Upscale ×2")
    size = (await member.image(large)).size
    choice = await chosen(member, await opened(member, large), "lines", ["row-0"])
    form = (await member.click(choice, "Describe it…")).modal
    assert words.split() == " ".join(values_in(form)).split(), "a long prompt has two fields"
    for flag, said in (
        ("--size 512x512", "keeps its size"),
        ("--ar 3:2", "keeps its size"),
        ("--repeat 2", "one picture"),
    ):
        refused = await member.submit(form, {"prompt": f"a wolf {flag}", "rest": ""})
        assert refused.message is not None
        assert said in text_of(refused.message)
    outcome = await member.submit(form, {"prompt": "a wolf", "rest": ""})
    assert outcome.message is not None
    changed = await member.see_finished(outcome.message)
    assert (await member.image(changed, 1)).size == size


async def test_what_is_behind_a_spoiler_stays_there(bot: app.Bot, member: Member) -> None:
    choice = await opened(member, await member.imagine("a fox", spoiler=True))
    [gallery] = [part for part in parts_of(choice["components"]) if part["type"] == 12]
    assert gallery["items"][0]["spoiler"]


@pytest.mark.real_worker
async def test_what_a_word_names_is_drawn_anew_and_nothing_else(start: Start, member: Member) -> None:
    vision = FakeVision()
    vision.boxes["the hat"] = (40, 8, 88, 48)
    async with start(vision=vision):
        first = await member.imagine("a red apple", seed=7, steps=4)
        outcome = await asked(member, first, "the hat", "a red apple with a leaf")
        assert outcome.message is not None
        changed = await member.see_finished(outcome.message)
        before, after = await pixels(member, first, 0), await pixels(member, changed, 1)
    mask = np.zeros((128, 128), bool)
    mask[8:48, 40:88] = True
    assert (before[~mask] == after[~mask]).all()
    assert (before[mask] != after[mask]).any()


async def test_a_part_that_is_not_there_is_told_and_an_empty_name_leads_to_the_grid(
    start: Start, member: Member
) -> None:
    vision = FakeVision()
    async with start(vision=vision):
        first = await member.imagine("a fox")
        missing = await asked(member, first, "the hat", "a fox")
        told = await member.wait_for(lambda each: "I can't find" in text_of(each))
        assert "“the hat”" in words_of(told)
        assert told["ephemeral_for"] == member.id
        assert missing.message is not None
        vision.blind = True
        await asked(member, first, "the hat", "a fox")
        await member.wait_for(lambda each: "I can't look at pictures just now" in text_of(each))
        grid = await asked(member, first, " ", "a fox")
        assert grid.message is not None
        shown = await member.see(grid.message, lambda each: "cells are chosen" in text_of(each))
        choice = await chosen(member, shown, "lines", ["row-0"])
        assert "5 of 25" in words_of(choice)
        assert "A part of" in words_of(await drawn(member, choice, "a wolf"))


def test_a_cell_belongs_to_one_place_and_all_cells_are_the_whole() -> None:
    assert masked(regions.ALL, (131, 77)).all()
    counted = np.sum([masked(1 << number, (131, 77)).astype(int) for number in range(25)], axis=0)
    assert (counted == 1).all()
    assert regions.cells_of(regions.numbers_of(0b1011)) == 0b1011
