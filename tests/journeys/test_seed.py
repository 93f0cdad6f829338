"""/seed: one request, one figure of the noise and of what comes of it."""

import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from PIL import Image

from bot import app
from generation.figures.blocks import WIDTH
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, labels_of, text_of, urls_of

SHORT = "a red apple --steps 1"


def is_figure(message: Message) -> bool:
    return "Next seed" in labels_of(message)


async def ask(member: Member, **options: object) -> Message:
    outcome = await member.slash("seed", {"prompt": SHORT, "size": "64x64", **options})
    assert outcome.message is not None
    return outcome.message


async def figure(member: Member, message: Message) -> Image.Image:
    [url] = urls_of(message)
    return Image.open(BytesIO(await member.download(url))).convert("RGB")


@pytest.mark.real_worker
async def test_a_seed_is_shown_and_the_next_one_after_a_restart(start: Start, member: Member, other: Member) -> None:
    async with start():
        first = await member.see(await ask(member, number=7), is_figure)
        assert "**Seed 7**" in text_of(first)
        assert (await figure(member, first)).width == WIDTH
    async with start():
        outcome = await other.click(first, "Next seed")
        assert outcome.message is not None
        following = await other.see(outcome.message, is_figure)
        assert "**Seed 8**" in text_of(following)
        assert "Another seed for [this picture]" in text_of(following)
        one, two = [numpy.asarray(await figure(other, each)) for each in (first, following)]
        assert one.shape == two.shape
        assert (one != two).any(axis=-1).mean() > 0.05
        form = (await other.click(following, "Draw with this seed…")).modal
        assert form is not None
        values = {part["component"]["custom_id"]: part["component"].get("value") for part in form["components"]}
        assert values["prompt"] == "a red apple"
        assert "--size 64x64 --seed 8 --steps 1" in (values["flags"] or "")
        drawn = (await other.submit(form, {"prompt": "a castle", "flags": values["flags"]})).message
        assert drawn is not None
        assert "seed 8" in text_of(await other.see_finished(drawn))


async def test_a_figure_that_was_being_drawn_is_finished_after_a_restart(
    start: Start, pool: FakePool, member: Member, tmp_path: Path
) -> None:
    pool.hold()
    async with start():
        started = await ask(member, number=7, prompt="a castle --steps 25")
        assert "of 150" in text_of(await member.see_drawing(pool, started))
    pool.release()
    async with start():
        done = await member.see(started, is_figure)
        assert "64×64" in text_of(done)
    with closing(sqlite3.connect(tmp_path / "data" / "noisefox.db")) as database:
        [(pictures,)] = database.execute("SELECT count(*) FROM pictures").fetchall()
    assert pictures == 1


async def test_a_large_figure_is_asked_about_first(start: Start, pool: FakePool, member: Member, other: Member) -> None:
    async with start():
        asked = (await member.slash("seed", {"number": 7})).message
        assert asked is not None
        assert "This is a large figure" in text_of(asked)
        assert "6 pictures, 150 steps in total" in text_of(asked)
        assert asked["ephemeral_for"] == member.id
        assert pool.at_work == {}
        dropped = (await other.slash("seed", {"number": 7})).message
        assert dropped is not None
        await other.click(dropped, "Don't draw")
        await other.see(dropped, lambda each: "Nothing was drawn" in text_of(each))
    async with start():
        begun = await member.click(asked, "Draw the figure")
        assert begun.message is not None
        done = await member.see(begun.message, is_figure)
        assert "**Seed 7**" in text_of(done)
        assert "a castle" in text_of(done)
        assert "a cute fox" in text_of(done)


async def test_limits_and_rules_hold_for_every_cell(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server words", {"blocked": "gore"})
    await admin.slash("server limits", {"side": 128, "daily_steps": 30})

    async def refusal(**options: object) -> str:
        return text_of(await ask(member, number=7, **options))

    assert "“gore” is blocked" in await refusal(other="gore")
    assert "may be at most 128 pixels" in await refusal(size="256x64")
    assert "This needs 60 steps" in await refusal(prompt="a cat --steps 10")
    assert "such as 512x768" in await refusal(size="very wide")
    first = await member.see(await ask(member, number=7), is_figure)
    assert "This is a figure" in text_of((await member.menu("Upscale", first)).message or {})
    assert "This needs 30 steps" in await refusal(prompt="a cat --steps 5")


@pytest.mark.real_worker
async def test_it_is_the_noise_of_the_seed_alone_whatever_else_is_asked_for(bot: app.Bot, member: Member) -> None:
    plain = await member.see(await ask(member, number=7), is_figure)
    flagged = await ask(member, number=7, prompt=f"{SHORT} --seed-size 128x128 --vary 0.5 --hires 2 --spoiler")
    seen = await member.see(flagged, is_figure)
    assert "SPOILER_" in urls_of(seen)[0]
    one, other = [numpy.asarray(await figure(member, each)) for each in (plain, seen)]
    assert (one == other).all()


async def test_a_schedule_that_nobody_named_refuses_no_sampler(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server rule", {"setting": "schedule", "default": "Karras"})
    done = await member.see(await ask(member, number=7, prompt=f"{SHORT} --sampler Euler a"), is_figure)
    assert "**Seed 7**" in text_of(done)
