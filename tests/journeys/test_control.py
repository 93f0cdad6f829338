"""Pictures that follow others: made into edges, lines and so on by the bot, several at once, or in style alone."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from generation import images, preprocessors
from generation.catalogue import POCKET
from generation.controls import Control, ControlKind
from generation.jobs import Draw, Inputs
from generation.settings import GenerationSettings
from playground import Playground
from playground.client.person import File
from tests.fake_pool import FakePool
from tests.fake_vision import FakeVision
from tests.journeys.conftest import Member, Message, Start, filled, text_of, words_of
from tests.journeys.test_checks import covered
from tests.journeys.test_custom_ids import press
from tests.journeys.test_looks import NOT_YOURS
from tests.journeys.test_result import select_of

KINDS = ("canny", "lines", "tile", "depth")
FOLLOWING = replace(POCKET, controlnets=tuple((kind, "/somewhere") for kind in KINDS))
UNION = replace(POCKET, controlnets=(("union", "/somewhere"),))
HEARING = replace(POCKET, ip_adapter="/somewhere/adapter.safetensors")
PLAIN = POCKET


def photo(colour: str = "red") -> File:
    image = Image.new("RGB", (128, 96), "white")
    ImageDraw.Draw(image).ellipse((30, 20, 100, 80), fill=colour)
    file = BytesIO()
    image.save(file, "PNG")
    return File(f"{colour}.png", file.getvalue(), "image/png")


def made(kind: ControlKind, of: File, settings: GenerationSettings) -> Image.Image:
    return read(preprocessors.prepared(kind, images.tidied(of.data)[0], (settings.width, settings.height)))


def read(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


async def asked(pool: FakePool) -> tuple[GenerationSettings, Inputs]:
    """What a held pool was given."""
    await pool.until_at_work()
    [job] = pool.at_work.values()
    assert isinstance(job.task, Draw)
    pool.release()
    pool.hold()
    return job.task.settings, job.task.inputs


async def shown_controls(member: Member, done: Message) -> Message:
    details = (await member.click(done, "Details")).message
    assert details is not None
    outcome = await member.click(details, "Control pictures")
    assert outcome.message is not None
    assert outcome.message["ephemeral_for"] == member.id
    return await member.see(outcome.message, filled)


async def test_whoever_gave_a_control_picture_sees_it_alone_and_takes_it_back(
    start: Start,
    member: Member,
    other: Member,
    admin: Member,
    pool: FakePool,
    playground: Playground,
    tmp_path: Path,
) -> None:
    given = tmp_path / "data" / "pictures" / "inputs"
    async with start(models=(FOLLOWING,)):
        done = await member.imagine("a fox", image=photo(), control="as is")
        assert covered(await shown_controls(member, done)) == [False]
        await admin.slash("server nsfw", {"policy": "spoiler"})
        assert covered(await shown_controls(member, done)) == [True]
        details = (await other.click(done, "Details")).message
        assert details is not None
        assert "Control pictures" not in text_of(details)
        assert "Only the person who gave" in await press(playground, other, details, "noisefox:controls:1:0")
        again = await other.press(done, "Re-roll")
        form = (await other.click(done, "Remix")).modal
        remixed = await other.submit(form, {"prompt": "a wolf", "flags": "--control tile"})
        assert remixed.message is not None
        tiled = await other.see_finished(remixed.message)
        for derived in (again, tiled):
            assert "Control pictures" not in text_of((await other.click(derived, "Details")).message or {})
        assert len(list(given.rglob("*.png"))) == 2
        question = await member.asks("me forget")
        await member.click(question, "Delete everything")
        await member.see(question, lambda each: "Deleted 1 request" in text_of(each))
        assert not list(given.rglob("*.png"))
        for derived in (again, tiled):
            assert NOT_YOURS in text_of((await other.click(derived, "Re-roll")).message or {})


async def test_a_photo_becomes_edges_which_are_shown_and_kept(start: Start, member: Member, pool: FakePool) -> None:
    async with start(models=(FOLLOWING,)):
        pool.hold()
        started = await member.start("a fox", image=photo(), control="canny")
        settings, inputs = await asked(pool)
        assert settings.controls == (Control(ControlKind.CANNY),)
        assert settings.width > settings.height, "the shape is that of the picture"
        edges = made(ControlKind.CANNY, photo(), settings)
        assert same(read(inputs.control), edges)
        assert not inputs.image, "it is no start picture"
        done = await member.see_finished(started)

        assert same(await member.image(await shown_controls(member, done)), edges)

        again = await member.click(done, "Re-roll")
        assert again.message is not None
        assert (await asked(pool))[1] == inputs, "nothing is prepared again"

        form = (await member.click(done, "Remix")).modal
        weaker = await member.submit(form, {"prompt": "a wolf", "flags": "--control canny:0.5:0-0.6 --steps 4"})
        assert weaker.message is not None
        settings, inputs_then = await asked(pool)
        assert settings.controls == (Control(ControlKind.CANNY, 0.5, 0.0, 0.6),)
        assert inputs_then == inputs
        assert "--control canny:0.5:0-0.6" in words_of(
            (await member.click(await member.see_finished(weaker.message), "Details")).message or {}
        )
        form = (await member.click(done, "Remix")).modal
        refused = await member.submit(form, {"prompt": "a wolf", "flags": "--control tile --steps 4"})
        assert refused.message is not None
        assert "was made for other controls" in text_of(refused.message)


async def test_several_pictures_are_followed_beside_a_start_picture(
    start: Start, member: Member, pool: FakePool
) -> None:
    given: dict[str, Any] = {
        "image": photo("red"),
        "control": "lines",
        "control_image": photo("green"),
        "second_control": "tile",
        "second_control_image": photo("blue"),
    }
    async with start(models=(FOLLOWING,)):
        pool.hold()
        await member.start("a fox", **given)
        settings, inputs = await asked(pool)
        assert [each.kind for each in settings.controls] == [ControlKind.LINES, ControlKind.TILE]
        assert same(read(inputs.control), made(ControlKind.LINES, photo("green"), settings))
        assert same(read(inputs.second_control), made(ControlKind.TILE, photo("blue"), settings))
        assert same(read(inputs.image), read(photo("red").data))

        typed = "a fox --control lines:0.8:0-0.6 --control tile"
        twice = await member.start(typed, image=photo("red"), control="lines")
        settings, inputs = await asked(pool)
        assert settings.controls == (Control(ControlKind.LINES, 0.8, 0.0, 0.6), Control(ControlKind.TILE))
        assert same(read(inputs.control), made(ControlKind.LINES, photo("red"), settings)), (
            "one picture is followed twice"
        )
        assert same(read(inputs.second_control), made(ControlKind.TILE, photo("red"), settings))
        both = (await member.click(await member.see_finished(twice), "Remix")).modal
        for flags, kinds in (("--control tile:0.5", [ControlKind.TILE]), ("--steps 4", [])):
            outcome = await member.submit(both, {"prompt": "a wolf", "flags": flags})
            assert outcome.message is not None
            settings, left = await asked(pool)
            assert [each.kind for each in settings.controls] == kinds
            assert (left.control, left.second_control) == (inputs.second_control * bool(kinds), b"")

        await member.start("a fox --control depth as is:0.6", control_image=photo("green"))
        settings, inputs = await asked(pool)
        assert settings.controls == (Control(ControlKind.DEPTH, 0.6, ready=True),)
        assert same(read(inputs.control), read(photo("green").data)), "it shows its kind already"

        for typed, scale, controls in (("0.7", 0.7, ()), ("as is", 1.0, (Control(),))):
            await member.start(f"a fox --control {typed}", image=photo("red"))
            settings, inputs = await asked(pool)
            assert (settings.control_scale, settings.controls) == (scale, controls)
            assert same(read(inputs.control), read(photo("red").data)), "without a kind it is followed as it is"
            assert not inputs.image

        pool.release()
        done = await member.imagine("a fox", private=True)
        drawn = await member.image(done)
        pool.hold()
        form = (await member.select(done, select_of(done), ["redraw"])).modal
        outcome = await member.submit(form, {"prompt": "a {wolf|wolf}", "flags": "--control lines --strength 0.5"})
        assert outcome.message is not None
        settings, inputs = await asked(pool)
        assert settings.controls == (Control(ControlKind.LINES),)
        expected = preprocessors.prepared(ControlKind.LINES, images.as_png(drawn.convert("RGB")), drawn.size)
        assert same(read(inputs.control), read(expected)), "a finished picture can be followed too"
        drawn_again = await member.see_finished(outcome.message)
        assert "Strength was ignored: the picture was followed, and not started from." in words_of(drawn_again)
        details = (await member.click(drawn_again, "Details")).message
        assert details is not None
        assert "Typed as" in words_of(details), "it stays once the control picture is made"
        await shown_controls(member, drawn_again)


async def test_a_model_of_the_host_sees_depth(start: Start, member: Member, pool: FakePool) -> None:
    vision = FakeVision()
    async with start(vision=vision, models=(FOLLOWING,)):
        listed = (await member.slash("models")).message
        assert listed is not None
        assert "takes control pictures (canny, lines, depth, tile)" in text_of(listed)
        pool.hold()
        await member.start("a fox", control="depth", control_image=photo("green"))
        settings, inputs = await asked(pool)
        assert settings.controls == (Control(ControlKind.DEPTH),)
        seen = read(inputs.control).convert("L")
        assert seen.getpixel((5, 0)) == 1
        assert seen.getpixel((5, seen.height - 1)) == 254, "the gradient that the model made"
        vision.blind = True
        await member.start("a fox", control="depth", control_image=photo("green"))
        await member.wait_for(lambda each: "I can't look at pictures just now" in text_of(each))


@pytest.mark.parametrize(
    ("model", "options", "sentence"),
    [
        (FOLLOWING, {"control": "depth"}, "This bot has no model that sees depth."),
        (FOLLOWING, {"control": "scribble"}, "pocket has no ControlNet for scribble. Use one of: as is, canny, lines"),
        (UNION, {"control": "as is"}, "pocket must know what the control picture shows"),
        (PLAIN, {"control": "canny"}, "pocket can't follow the lines of a picture: it has no ControlNet. Choose"),
        (FOLLOWING, {"prompt": "a fox" + 4 * " --control tile"}, "At most 3 controls work at once."),
        (FOLLOWING, {"prompt": "a fox --control tile:0.5:0.6-0.2"}, "A control must end after it starts"),
        (FOLLOWING, {"prompt": "a fox --control hope"}, "`--control` needs a value such as `--control canny:0.8`"),
        (
            FOLLOWING,
            {"control": "canny", "control_image": photo(), "second_control": "tile", "second_control_image": photo()}
            | {"prompt": "a fox --control lines"},
            "You gave 2 control pictures and 3 kinds of control",
        ),
        (
            HEARING,
            {"style_image": photo()},
            "pocket can't take the style of a picture: that takes Stable Diffusion XL with an IP-Adapter. Choose",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_what_cannot_be_followed_is_said_in_one_sentence(
    start: Start, member: Member, model: Any, options: dict[str, Any], sentence: str
) -> None:
    async with start(models=(model,)):
        outcome = await member.slash("imagine", {"prompt": "a fox", "image": photo(), **options})
        assert outcome.message is not None
        assert sentence in text_of(outcome.message)


async def test_a_control_without_a_picture_is_said_to_be_ignored(start: Start, member: Member) -> None:
    async with start(models=(FOLLOWING,)):
        shown = await member.imagine("a fox --style-weight 0.5", control="canny")
        assert "`--control` was ignored" in words_of(shown)
        assert "`--style-weight` was ignored" in words_of(shown)
