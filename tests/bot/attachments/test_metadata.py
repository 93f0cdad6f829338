from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.attachments import encode
from bot.attachments.metadata import NoPicture, settings_in
from generation.infotext import Drawn, NoInfotext, to_infotext
from generation.settings import GenerationSettings

SETTINGS = GenerationSettings(prompt="ein Fuchs, größer", seed=7, model="m", width=64, height=64, negative_prompt="red")


def png(text: str = "") -> bytes:
    file, info = BytesIO(), PngInfo()
    if text:
        info.add_itxt("parameters", text)
    Image.effect_noise((256, 256), 80).convert("RGB").save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.mark.parametrize("most", [10**6, 30000], ids=["png", "jpeg"])
def test_settings_are_read_from_what_we_post(most: int) -> None:
    data = encode.fitting(png(to_infotext(SETTINGS, Drawn(model_hash="abc", version="1"))), most).data
    assert settings_in(data) == SETTINGS


def test_settings_are_read_from_an_ascii_comment() -> None:
    exif, file = Image.Exif(), BytesIO()
    text = to_infotext(SETTINGS, Drawn(model_hash="abc", version="1"))
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + text.encode()
    Image.new("RGB", (8, 8)).save(file, "WEBP", exif=exif)
    assert settings_in(file.getvalue()) == SETTINGS


def test_a_picture_without_settings_says_so() -> None:
    with pytest.raises(NoInfotext):
        settings_in(png())


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", png()[:40], b"\x00" * 100])
def test_what_is_no_picture_is_none(data: bytes) -> None:
    with pytest.raises((NoPicture, NoInfotext)):
        settings_in(data)
