"""/blend, and a picture to keep to or to hear."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot import app
from bot.requests.blending import FROM_THE_MIDDLE
from generation import infotext
from generation.loras import LoraSpec
from playground.client.person import File
from tests.journeys.conftest import Member, Start, text_of, urls_of

WEIGHTS = Path("loras") / "any.safetensors"
"""Of a LoRA that nothing is drawn with here."""


def picture(colour: str, width: int = 120, height: int = 60) -> File:
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return File(f"{colour}.png", file.getvalue(), "image/png")


async def test_a_blend_of_ones_own_pictures_has_their_words(bot: app.Bot, member: Member) -> None:
    apple, fox = [await member.imagine(words, steps=2) for words in ("a red apple", "a cute fox")]
    files = []
    for done in (apple, fox):
        files.append(File("one.png", await member.download(urls_of(done)[0]), "image/png"))
    outcome = await member.slash("blend", {"first": files[0], "second": files[1]})
    assert outcome.message is not None
    done = await member.see_finished(outcome.message)
    assert "Blend of several pictures" in text_of(done)
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert settings.prompt == "a red apple, a cute fox"
    assert settings.denoising_strength == FROM_THE_MIDDLE


async def test_a_blend_of_anybodys_has_the_shape_of_the_first(bot: app.Bot, member: Member) -> None:
    given = {"first": picture("red"), "second": picture("blue", 64, 64), "third": picture("green", 64, 90)}
    outcome = await member.slash("blend", {**given, "prompt": "a boat --steps 3 --strength 0.9", "private": True})
    assert outcome.message is not None
    done = await member.see_finished(outcome.message)
    image = await member.image(done)
    assert image.size == (184, 88)
    settings = infotext.from_infotext(image.info["parameters"])
    assert (settings.prompt, settings.denoising_strength) == ("a boat", 0.9)
    again = await member.press(done, "Re-roll")
    assert "picture that no longer exists" not in text_of(again)


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("blend", {"first": picture("red"), "second": File("a.txt", b"a", "text/plain")}, "That file isn't a picture"),
        (
            "imagine",
            {"prompt": "a fox --control 0.8", "image": picture("red")},
            "pocket can't follow the lines of a picture: it has no ControlNet",
        ),
        (
            "imagine",
            {"prompt": "a fox --image-weight 1", "image": picture("red")},
            "pocket can't use image prompts: it has no IP-Adapter",
        ),
        (
            "imagine",
            {"prompt": "a fox <lora:watercolor:1>"},
            "called “watercolor” here. Did you mean one of these? watercolour.",
        ),
        ("imagine", {"prompt": "a fox --lora watercolour:much"}, "`--lora` needs a value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_model_has_not_is_said_before_anything_is_queued(
    start: Start, member: Member, command: str, options: dict[str, object], sentence: str
) -> None:
    async with start(loras=(LoraSpec("watercolour", WEIGHTS),)):
        outcome = await member.slash(command, options)
        assert outcome.message is not None
        assert sentence in outcome.message["content"]
        assert outcome.message["ephemeral_for"] == member.id


async def test_a_picture_of_ours_is_not_kept_to_without_a_controlnet(bot: app.Bot, member: Member) -> None:
    """“Start from this picture”, with a flag that says what else it is for."""
    done = await member.imagine("a boat", steps=1)
    modal = (await member.menu("Start from this picture", done)).modal
    assert modal is not None
    outcome = await member.submit(modal, {"prompt": "a fox", "flags": "--control 0.9"})
    assert outcome.message is not None
    assert "pocket can't follow the lines of a picture: it has no ControlNet" in outcome.message["content"]


async def test_loras_are_suggested_and_listed(start: Start, member: Member) -> None:
    loras = (LoraSpec("watercolour", WEIGHTS, words="wet paint"), LoraSpec("ink", WEIGHTS))
    async with start(loras=loras):
        choices = await member.autocomplete("imagine", {"prompt": "a fox <lora:wat"}, focused="prompt")
        assert [choice["value"] for choice in choices] == ["a fox <lora:watercolour:1>"]
        listed = (await member.asks("models"))["content"]
        assert "watercolour" in listed
        assert "wet paint" in listed


async def test_a_lora_is_suggested_at_the_end_of_a_long_prompt(start: Start, member: Member, other: Member) -> None:
    long = "a fox under " + "many old trees " * 20
    async with start(loras=(LoraSpec("ink", WEIGHTS),)) as bot:
        [choice] = await member.autocomplete("imagine", {"prompt": f"{long}<lora:in"}, focused="prompt")
        assert choice["name"].endswith("many old trees <lora:ink:1>")
        assert len(choice["name"]) == 100
        await member.imagine(choice["value"])
        [drawn] = (await bot.generations.of_user(int(member.id))).generations
        assert drawn.settings.prompt == f"{long}<lora:ink:1>"
        refusal = (await other.slash("imagine", {"prompt": choice["value"]})).message
        assert refusal is not None
        assert "That prompt is no longer stored" in refusal["content"]
