from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.requests.blending import FROM_THE_MIDDLE, from_the_middle, words_of
from generation.infotext import Drawn, to_infotext
from generation.settings import GenerationSettings, PartialSettings

FOX = GenerationSettings(prompt="a fox", seed=1, model="pocket", width=64, height=64)


def picture(prompt: str = "") -> bytes:
    file, info = BytesIO(), PngInfo()
    if prompt:
        settings = GenerationSettings(prompt=prompt, seed=1, model="pocket", width=64, height=64)
        info.add_text("parameters", to_infotext(settings, Drawn("abc", "1")))
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_words_are_those_of_the_pictures_each_once_and_without_loras() -> None:
    files = [picture("a fox <lora:ink:1>"), picture(), b"no picture", picture("an owl"), picture("a fox")]
    assert words_of(files) == "a fox, an owl"
    assert words_of([picture(), picture()]) == "a picture"


def test_a_strength_that_somebody_names_is_kept() -> None:
    assert from_the_middle(FOX, "a fox", PartialSettings()).denoising_strength == FROM_THE_MIDDLE
    assert from_the_middle(FOX, "a fox --strength 0.9", PartialSettings()) == FOX
    assert from_the_middle(FOX, "a fox", PartialSettings(denoising_strength=0.8)) == FOX
