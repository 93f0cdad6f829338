"""/compare: a picture with other values of a setting, or of two."""

import asyncio
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from bot import app
from bot.config import Config, WorkerConfig
from generation import infotext
from generation.catalogue import POCKET, ModelSpec
from generation.local_pool import LocalPool
from playground.client.person import File
from storage.database import StorageError
from storage.generations import Generations
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, labels_of, parts_of, text_of, until, urls_of

SMALL = "a red apple --size 64x64"


def is_sheet(message: Message) -> bool:
    return "noisefox:cell:" in text_of(message)


def cells_of(message: Message) -> list[str]:
    """The entries of the select."""
    selects = [part for part in parts_of(message["components"]) if part["type"] == 3]
    return [option["label"] for select in selects for option in select["options"]]


async def suggested(member: Member, option: str, given: dict[str, str]) -> list[str]:
    """The suggestions for an option in which nothing is typed yet."""
    choices = await member.autocomplete("compare", given | {option: ""}, focused=option)
    return [choice["value"] for choice in choices]


async def compare(member: Member, parameter: str, values: str = "", prompt: str = SMALL, **options: Any) -> Message:
    """Ask for a comparison; the message that will show it."""
    given = {"prompt": prompt, "parameter": parameter, "steps": 4, "seed": 7, **options}
    outcome = await member.slash("compare", given | ({"values": values} if values else {}))
    assert outcome.acknowledged == 5, outcome
    assert outcome.message is not None
    return outcome.message


def drawn_in(folder: Path) -> list[Path]:
    pictures = (path for path in (folder / "data" / "pictures").rglob("*-*-*.png") if "figure" not in path.name)
    return sorted(pictures, key=lambda path: [int(part) for part in path.name.split("-")[:2]])


def pixels(path: Path) -> "numpy.ndarray[Any, Any]":
    return numpy.asarray(Image.open(path), dtype=int)


@pytest.mark.real_worker
async def test_one_sheet_whose_pictures_are_those_of_single_runs(bot: app.Bot, member: Member, tmp_path: Path) -> None:
    started = await compare(member, "guidance", "1, 5, 12, 3, 2")
    done = await member.see(started, is_sheet)
    [url] = urls_of(done)
    assert Image.open(BytesIO(await member.download(url))).width == 960
    assert cells_of(done) == [f"guidance {value}" for value in (1, 5, 12, 3, 2)]
    assert labels_of(done) == ["Details", "Favourite", "Delete", "Report"]
    assert "compared by guidance: 1, 5, 12, 3, 2" in text_of(done)
    assert "-# seed 7 · 64×64 · 4 steps · DPM++ 2M Karras · pocket" in text_of(done)
    chosen = await member.select(done, "noisefox:cell:1:0", ["2"])
    assert chosen.message is not None
    await member.see_finished(chosen.message)
    *cells, single = drawn_in(tmp_path)
    settings = [infotext.from_infotext(Image.open(path).info["parameters"]) for path in (*cells, single)]
    assert [each.guidance_scale for each in settings] == [1, 5, 12, 3, 2, 12]
    assert settings[2] == settings[5]
    assert abs(pixels(cells[2]) - pixels(single)).max() <= 1


async def test_two_settings_are_a_grid(bot: app.Bot, member: Member) -> None:
    started = await compare(member, "steps", "1,2", other_parameter="seed", other_values="7,8,9")
    done = await member.see(started, is_sheet)
    expected = [f"seed {seed}, steps {steps}" for seed in (7, 8, 9) for steps in (1, 2)]
    assert cells_of(done) == expected


@pytest.mark.real_worker
async def test_strengths_and_sizes_start_from_the_picture_that_was_given(
    bot: app.Bot, member: Member, tmp_path: Path
) -> None:
    given = BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 40)).save(given, "PNG")
    grid = {"other_parameter": "size", "other_values": "64x64, 64x96"}
    started = await compare(member, "strength", "0.25,1", image=File("red.png", given.getvalue(), "image/png"), **grid)
    done = await member.see(started, is_sheet)
    sizes = "64×64", "64×96"
    assert cells_of(done) == [f"size {size}, strength {strength}" for size in sizes for strength in ("0.25", "1")]
    chosen = await member.select(done, "noisefox:cell:1:0", ["2"])
    assert chosen.message is not None
    await member.see_finished(chosen.message)
    *cells, single = map(pixels, drawn_in(tmp_path))
    assert [each.shape[:2] for each in cells] == [(64, 64), (64, 64), (96, 64), (96, 64)]
    assert abs(cells[2] - single).max() <= 1
    red = numpy.array((200, 30, 40))
    for kept, forgotten in (cells[:2], cells[2:]):
        assert abs(kept - red).mean() < abs(forgotten - red).mean()


@pytest.mark.real_worker
async def test_models_are_drawn_one_after_the_other_with_what_each_likes(
    start: Start, worker_command: tuple[str, ...], member: Member
) -> None:
    models = (POCKET, replace(POCKET, name="twin", steps=3, width=64, height=64))
    options = Config(models=models, worker=WorkerConfig(dtype="float32")).worker_options
    async with LocalPool(options, worker_command) as pool, start(pool, models=models):
        done = await member.see(await compare(member, "model", prompt="a fox --size 64x64"), is_sheet)
        assert cells_of(done) == ["model pocket", "model twin"]


async def test_models_that_nobody_named_are_those_that_may_be_used_the_asked_one_first(
    start: Start, member: Member, admin: Member
) -> None:
    models = tuple(replace(POCKET, name=name, steps=2, width=64, height=64) for name in ("pocket", "twin", "third"))
    async with start(models=models):
        for name in ("pocket", "third"):
            await admin.asks("server allow", model=name)
        done = await member.see(await compare(member, "model", prompt="a fox", model="third"), is_sheet)
        assert cells_of(done) == ["model third", "model pocket"]
        assert await suggested(member, "values", {"prompt": "a fox", "parameter": "model"}) == ["pocket, third"]


async def test_suggested_values_keep_to_the_limits(bot: app.Bot, member: Member, admin: Member) -> None:
    await admin.slash("server limits", {"steps": 20})
    assert await suggested(member, "values", {"prompt": "a fox", "parameter": "steps"}) == ["1, 5, 10, 20"]
    other = {"parameter": "seed", "other_parameter": "clip skip", "prompt": "a fox"}
    assert await suggested(member, "other_values", other) == ["1, 2, 3"]


async def test_other_models_start_from_a_picture_in_its_shape(start: Start, member: Member) -> None:
    models = tuple(replace(POCKET, name=name, steps=2) for name in ("pocket", "twin"))
    given = BytesIO()
    Image.new("RGB", (128, 64), (200, 30, 40)).save(given, "PNG")
    async with start(models=models) as noisefox:
        image = File("wide.png", given.getvalue(), "image/png")
        await member.see(await compare(member, "model", prompt="a fox", image=image), is_sheet)
        generation = await noisefox.generations.get(1)
        assert generation is not None
        assert [(each.width, each.height) for each in generation.cells] == [(184, 88), (184, 88)]


async def test_models_are_compared_on_the_same_noise(start: Start, member: Member) -> None:
    models = tuple(replace(POCKET, name=name, steps=2, width=64, height=64) for name in ("pocket", "twin"))
    async with start(models=models) as noisefox:
        await member.see(await compare(member, "model", prompt="a fox --vary 0.2"), is_sheet)
        generation = await noisefox.generations.get(1)
        assert generation is not None
        assert len({(each.seed, each.variation_seed) for each in generation.cells}) == 1


async def test_models_that_take_no_picture_are_left_out_where_nobody_named_them(
    start: Start, member: Member, tmp_path: Path
) -> None:
    (tmp_path / "sana").mkdir()
    (tmp_path / "sana" / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    others = [ModelSpec(name="sana", source=str(tmp_path / "sana"), width=64, height=64)]
    others.append(replace(POCKET, name="twin", steps=2))
    given = BytesIO()
    Image.new("RGB", (128, 128), (200, 30, 40)).save(given, "PNG")
    image = File("red.png", given.getvalue(), "image/png")
    async with start(models=(POCKET, *others)) as noisefox:
        started = await compare(member, "model", prompt="a fox", image=image)
        await member.see(started, lambda message: "a fox" in text_of(message))
        generation = await noisefox.generations.get(1)
        assert generation is not None
        assert generation.axes[0].values == ("pocket", "twin")
        named = {"prompt": "a fox", "parameter": "model", "values": "pocket, sana", "image": image}
        assert "or choose another model" in text_of((await member.slash("compare", named)).message or {})


async def test_the_cost_is_told_as_it_is_charged(bot: app.Bot, member: Member) -> None:
    asked = await member.slash(
        "compare", {"prompt": "a fox --hires 2", "parameter": "steps", "values": "40,80", "sampler": "Heun"}
    )
    assert asked.message is not None
    assert "2 pictures, 360 steps in total" in text_of(asked.message)
    await member.click(asked.message, "Don't draw")


async def test_a_few_very_large_pictures_are_a_large_comparison_too(bot: app.Bot, member: Member) -> None:
    asked = await member.slash(
        "compare", {"prompt": "a fox --size 512x512", "parameter": "steps", "values": "4,8", "seed": 7}
    )
    assert asked.message is not None
    assert "This is a large comparison" in text_of(asked.message)
    await member.click(asked.message, "Don't draw")


async def test_a_large_one_says_first_what_it_costs(bot: app.Bot, member: Member) -> None:
    asked = await member.slash("compare", {"prompt": SMALL, "parameter": "steps", "seed": 7})
    assert asked.message is not None
    assert "7 pictures, 266 steps in total" in text_of(asked.message)
    assert asked.message["ephemeral_for"] == member.id
    begun = await member.click(asked.message, "Draw the comparison")
    assert begun.message is not None
    done = await member.see(begun.message, is_sheet)
    assert cells_of(done) == [f"steps {value}" for value in (1, 5, 10, 20, 30, 50, 150)]


async def test_limits_hold_for_every_picture_and_usual_values_keep_to_them(
    bot: app.Bot, member: Member, admin: Member
) -> None:
    await admin.slash("server limits", {"steps": 20, "daily_steps": 60})
    done = await member.see(await compare(member, "steps"), is_sheet)
    assert cells_of(done) == ["steps 1", "steps 5", "steps 10", "steps 20"]
    for options, sentence in (
        ({"parameter": "steps", "values": "5,30"}, "At most 20 steps are allowed here"),
        ({"parameter": "seed"}, "of 60 left here in 24 hours"),
        ({"parameter": "strength"}, "Strength only works with a start picture"),
        ({"parameter": "steps", "values": "5"}, "at least two values"),
    ):
        refused = await member.slash("compare", {"prompt": SMALL, "seed": 7, "steps": 10, **options})
        assert refused.message is not None
        assert sentence in refused.message["content"]


async def test_what_is_drawn_of_it_outlives_a_restart(
    start: Start, pool: FakePool, member: Member, tmp_path: Path
) -> None:
    pool.hold()
    async with start():
        begun = await compare(member, "seed", steps=12)
        await pool.until_at_work()
        pool.finish()
        await pool.until_at_work()
    assert len(drawn_in(tmp_path)) == 4
    pool.release()
    before = {path: path.stat().st_mtime_ns for path in drawn_in(tmp_path)}
    async with start():
        done = await member.see(begun, is_sheet)
    assert len(cells_of(done)) == len(drawn_in(tmp_path)) == 6
    assert {path: path.stat().st_mtime_ns for path in before} == before


async def test_pictures_of_it_that_cannot_be_noted_leave_no_files(
    start: Start, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    async def full_disk(self: Generations, generation_id: int, *rest: Any) -> Any:
        failed.set()
        raise StorageError("database or disk is full")

    monkeypatch.setattr(Generations, "add_pictures", full_disk)
    async with start() as bot:
        begun = await compare(member, "seed")
        await failed.wait()
        await bot.dispatcher.drain()
    assert drawn_in(tmp_path) == []
    monkeypatch.undo()
    async with start():
        done = await member.see(begun, is_sheet)
    assert len(drawn_in(tmp_path)) == len(cells_of(done))


async def test_it_can_be_cancelled_and_deleted(bot: app.Bot, pool: FakePool, member: Member, tmp_path: Path) -> None:
    pool.hold()
    begun = await compare(member, "seed", steps=24, prompt="a cat")
    drawing = await member.see_drawing(pool, begun)
    assert "of 144" in text_of(drawing)
    await member.click(drawing, "Cancel")
    await member.see(begun, lambda each: "Cancelled." in text_of(each))
    pool.release()
    done = await member.see(await compare(member, "clip skip"), is_sheet)
    await member.click(done, "❌")
    await member.wait_until(lambda: member.message(done["id"]) is None)
    await until(lambda: not list((tmp_path / "data" / "pictures").rglob("2-*")))
