"""/explain: how a picture is drawn, from the inside."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from bot import app
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, labels_of, text_of, until, urls_of


def explained(message: Message) -> bool:
    return "Draw the picture" in labels_of(message)


async def explain(member: Member, prompt: str = "a red apple", **options: object) -> Message:
    """Ask for an explanation; the message that will show it."""
    outcome = await member.slash("explain", {"prompt": prompt, "steps": 4, **options})
    assert outcome.acknowledged == 5, outcome
    assert outcome.message is not None
    return outcome.message


def drawn_in(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "data" / "pictures").rglob("*.png") if "figure" not in path.name)


@pytest.mark.real_worker
async def test_a_figure_an_animation_and_what_to_try_next(bot: app.Bot, member: Member, tmp_path: Path) -> None:
    done = await member.see(await explain(member, seed=7), explained)
    *halves, animation = [await member.download(url) for url in urls_of(done)]
    assert [Image.open(BytesIO(half)).width for half in halves] == [960, 960]
    with Image.open(BytesIO(animation)) as moving:
        assert len(list(ImageSequence.Iterator(moving))) == 5
    assert labels_of(done) == [
        *(
            "Details",
            "Another seed",
            "More guidance",
            "Fewer steps",
            "Draw the picture",
            "As a GIF",
            "Favourite",
            "Delete",
            "Report",
        )
    ]
    assert "How “a red apple” is drawn" in text_of(done)
    proper = await member.click(done, "Draw the picture")
    assert proper.message is not None
    await member.see_finished(proper.message)
    first, second = drawn_in(tmp_path)
    assert first.read_bytes() == second.read_bytes()
    gif = await member.click(done, "As a GIF")
    assert gif.message is not None
    shown = await member.see(gif.message, lambda each: bool(urls_of(each)))
    assert (await member.image(shown)).format == "GIF"
    assert shown["ephemeral_for"] == member.id


async def test_buttons_and_unfinished_explanations_outlive_a_restart(
    start: Start, pool: FakePool, member: Member, tmp_path: Path
) -> None:
    pool.hold()
    async with start():
        begun = await explain(member, "an apple --size 64x64", steps=60, seed=7, guidance=4)
        await member.see_drawing(pool, begun)
    pool.release()
    async with start():
        done = await member.see(begun, explained)
        assert len(urls_of(done)) == 3
    async with start():
        for label, changed in (("More guidance", "guidance 6"), ("Fewer steps", "30 steps")):
            again = await member.click(done, label)
            assert again.message is not None
            shown = await member.see(again.message, explained)
            assert changed in text_of(shown)
            assert "How" in text_of(shown)
        other = await member.click(done, "Another seed")
        assert other.message is not None
        assert "seed 7 " not in text_of(await member.see(other.message, explained))
        await member.click(done, "❌")
        await member.wait_until(lambda: member.message(done["id"]) is None)
        await until(lambda: not list((tmp_path / "data" / "pictures").rglob("1-figure*")))


async def test_one_that_is_there_can_be_explained_too(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a cat", seed=7)
    again = await member.select(done, "noisefox:more:1:0", ["explain"])
    assert again.message is not None
    shown = text_of(await member.see(again.message, explained))
    assert "a cat" in shown
    assert "seed 7 " in shown


async def test_making_the_figures_is_a_stage_of_its_own(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await explain(member))
    pool.explain(0, 12)
    await member.see(drawing, lambda each: "Making the figures: part 1 of 12" in text_of(each))
    pool.explain(5, 12)
    shown = await member.see(drawing, lambda each: "Making the figures: part 6 of 12" in text_of(each))
    assert "step" not in text_of(shown)
    assert urls_of(shown), "what is made is shown"
    assert "a few seconds" in text_of(shown)
    pool.release()
    await member.see(drawing, explained)


async def test_more_guidance_and_fewer_steps_end_somewhere(bot: app.Bot, member: Member) -> None:
    done = await member.see(await explain(member, "an apple", steps=1, guidance=30), explained)
    for label, words in (("More guidance", "Guidance can't be higher than 30."), ("Fewer steps", "at least one step.")):
        refused = (await member.click(done, label)).message
        assert refused is not None
        assert words in text_of(refused)
