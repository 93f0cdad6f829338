"""A picture that becomes prompts, and each prompt a picture."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot import app
from generation import colours, images
from playground.client.person import File
from storage.drafts import LIFE
from tests.fake_vision import FakeVision
from tests.journeys.conftest import Clock, Member, Message, Start, labels_of, text_of, urls_of, words_of
from tests.journeys.test_result import settings_in

NOTHING = "This picture doesn't say what it was drawn with"


def photo(size: tuple[int, int] = (96, 64), prompt: str = "") -> File:
    """A red picture with a blue stripe, and a prompt in its metadata."""
    image, file, info = Image.new("RGB", size, (200, 20, 30)), BytesIO(), PngInfo()
    image.paste((20, 40, 200), (0, 0, size[0], size[1] // 4))
    if prompt:
        info.add_text("parameters", f"{prompt}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 96x64")
    image.save(file, "PNG", pnginfo=info)
    return File("photo.png", file.getvalue())


async def described(member: Member, upload: File) -> Message:
    outcome = await member.slash("describe", {"image": upload})
    assert outcome.message is not None, outcome
    assert outcome.message["ephemeral_for"] == member.id
    return await member.see(outcome.message, lambda each: bool(each["content"] or each["components"]))


async def test_four_prompts_and_each_is_drawn_by_its_button(start: Start, member: Member, clock: Clock) -> None:
    vision = FakeVision()
    vision.texts = ("a fox in snow", "a red fox", "a fox --steps 150", "a dog", "a cat")
    async with start(vision=vision):
        prompts = await described(member, photo())
        assert labels_of(prompts) == ["Draw 1", "Draw 2", "Draw 3", "Draw 4"]
        assert "**1.** a fox in snow --ar 3:2 --colours red,blue" in words_of(prompts).replace("\\", "")
    async with start(vision=vision):
        drawn = await member.press(prompts, "Draw 3")
        settings = await settings_in(member, drawn)
        assert (settings.prompt, settings.steps) == ("a fox, red and blue colours", 25)
        assert settings.width == pytest.approx(1.5 * settings.height, rel=0.1)
        assert not drawn.get("ephemeral_for")
        clock.ahead += (LIFE + timedelta(minutes=1)).total_seconds()
        await described(member, photo())
        late = await member.click(prompts, "Draw 1")
        assert late.message is not None
        assert "These prompts are too old" in text_of(late.message)


async def test_without_a_model_the_metadata_is_used_or_one_sentence_says_so(bot: app.Bot, member: Member) -> None:
    drawn = await member.imagine("a red apple")
    own = File("drawn.png", await member.download(urls_of(drawn)[0]))
    prompts = await described(member, own)
    assert labels_of(prompts) == ["Draw 1"]
    assert "**1.** a red apple --ar 1:1" in words_of(prompts).replace("\\", "")
    assert NOTHING in text_of(await described(member, photo()))
    elsewhere = await described(member, photo(prompt="a {red|blue} fox, <lora:nope:1>"))
    assert "**1.** a {red|blue} fox --ar" in words_of(elsewhere).replace("\\", "")
    settings = await settings_in(member, await member.press(elsewhere, "Draw 1"))
    assert settings.prompt in ("a red fox, red and blue colours", "a blue fox, red and blue colours")
    unknown = await described(member, photo(prompt="a __nowhere__ fox"))
    assert "a __nowhere__ fox" in (await settings_in(member, await member.press(unknown, "Draw 1"))).prompt
    broken = await described(member, File("broken.png", b"\x89PNG no picture"))
    assert "I can't read that picture" in text_of(broken)


async def test_a_model_that_fails_is_told(start: Start, member: Member) -> None:
    vision = FakeVision()
    async with start(vision=vision):
        assert "I can't describe this picture" in text_of(await described(member, photo()))
        vision.texts = ("", "a fox --steps 150", "a fox", " ")
        assert labels_of(await described(member, photo())) == ["Draw 1"], "no empty one, and none twice"
        vision.blind = True
        assert "I can't look at pictures just now" in text_of(await described(member, photo()))


def test_what_is_transparent_is_white_as_it_is_drawn() -> None:
    assert colours.of(images.as_png(Image.new("RGBA", (8, 8), (0, 0, 0, 0)))) == ["white"]


@pytest.mark.parametrize(
    ("pixel", "name"),
    [
        ((10, 10, 12), "black"),
        ((250, 250, 245), "white"),
        ((128, 128, 130), "grey"),
        ((210, 30, 30), "red"),
        ((255, 0, 90), "pink"),
        ((240, 140, 30), "orange"),
        ((110, 70, 30), "brown"),
        ((250, 230, 40), "yellow"),
        ((40, 160, 60), "green"),
        ((20, 160, 150), "teal"),
        ((40, 80, 220), "blue"),
        ((140, 50, 200), "purple"),
    ],
)
def test_colours_have_their_names(pixel: tuple[int, int, int], name: str) -> None:
    file = BytesIO()
    Image.new("RGB", (8, 8), pixel).save(file, "PNG")
    assert colours.of(file.getvalue()) == [name]
