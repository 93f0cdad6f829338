import contextlib
import gzip
import json
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.attachments import encode
from bot.attachments.metadata import NoPicture, found_in, hidden_in, may_hide, settings_in
from generation.infotext import Drawn, NoInfotext, to_infotext
from generation.settings import GenerationSettings, Sampler

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


A1111 = "a fox\nNegative prompt: bad\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Model: m"


def with_exif(kind: str, comment: bytes, order: str = ">", **tags: str) -> bytes:
    exif, file = Image.Exif(), BytesIO()
    exif.endian = order
    exif.get_ifd(0x8769)[0x9286] = comment
    for tag, text in tags.items():
        exif[int(tag.removeprefix("x"), 16)] = text
    Image.new("RGB", (8, 8)).save(file, kind, exif=exif.tobytes())
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"UNICODE\0", "utf-16-le"),
        (b"UNICODE\0", "utf-16-be"),
        (b"UNICODE\0\xff\xfe", "utf-16-le"),
        (b"UNICODE\0\xfe\xff", "utf-16-be"),
        (b"UNICODE\0", "utf-8"),
        (b"ASCII\0\0\0", "utf-8"),
        (b"\0" * 8, "utf-16-le"),
        (b"", "utf-8"),
    ],
)
def test_a_comment_is_read_in_any_encoding_that_tools_write(kind: str, head: bytes, encoding: str) -> None:
    text = A1111.replace("a fox", "ein Fuchs, größer 狐")
    for order in "<>":
        settings = settings_in(with_exif(kind, head + text.encode(encoding), order))
        assert (settings.prompt, settings.seed, settings.height) == ("ein Fuchs, größer 狐", 1, 768)


def test_a_graph_of_comfyui_is_read_from_a_webp_file() -> None:
    sampler = {
        "seed": 7,
        "steps": 20,
        "cfg": 6,
        "sampler_name": "euler",
        "scheduler": "normal",
        "latent_image": ["5", 0],
    }
    nodes = {
        "3": {"inputs": sampler | {"positive": ["6", 0]}},
        "5": {"inputs": {"width": 512, "height": 768}},
        "6": {"inputs": {"text": "a fox"}},
    }
    data = with_exif("WEBP", b"", x0110=f"prompt:{json.dumps(nodes)}", x010F="workflow:{}")
    settings = settings_in(data)
    assert (settings.prompt, settings.seed, settings.height, settings.sampler) == ("a fox", 7, 768, Sampler.EULER)


def hiding(
    text: bytes, mark: bytes = b"stealth_pnginfo", kind: str = "PNG", length: int | None = None, side: int = 64
) -> bytes:
    """A picture with a text in the lowest bits of its alpha channel, down the columns."""
    told = mark + (8 * len(text) if length is None else length).to_bytes(4) + text
    bits = [int(bit) for byte in told for bit in f"{byte:08b}"]
    image, file = Image.new("RGBA", (side, side), (90, 120, 10, 254)), BytesIO()
    for number, bit in enumerate(bits[: side * side]):
        if bit:
            image.putpixel(divmod(number, side), (90, 120, 10, 255))
    image.save(file, kind, lossless=True)
    return file.getvalue()


NOVELAI = {
    "Description": "a fox",
    "Comment": json.dumps({"seed": 1, "steps": 20, "sampler": "k_euler_ancestral", "width": 512, "height": 768}),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("text", [A1111, json.dumps(NOVELAI)], ids=["A1111", "NovelAI"])
@pytest.mark.parametrize("packed", [True, False])
def test_settings_are_read_from_the_alpha_channel(kind: str, text: str, packed: bool) -> None:
    data = text.encode()
    picture = hiding(gzip.compress(data), b"stealth_pngcomp", kind) if packed else hiding(data, kind=kind)
    with pytest.raises(NoInfotext):
        found_in(picture)
    assert may_hide(picture)
    settings = hidden_in(picture).complete()
    assert (settings.prompt, settings.seed, settings.height, settings.sampler) == ("a fox", 1, 768, "Euler a")


@pytest.mark.parametrize(
    "data",
    [
        hiding(b"not packed", b"stealth_pngcomp"),
        hiding(gzip.compress(b"Steps: 1, " * 2**20)[:400], b"stealth_pngcomp"),
        hiding(A1111.encode(), length=2**32 - 1),
        hiding(A1111.encode(), length=2**20),
        hiding(b"\xff\xfe", length=9),
        hiding(b"", b""),
        png(),
    ],
)
def test_nothing_is_found_in_a_damaged_alpha_channel(data: bytes) -> None:
    with contextlib.suppress(NoInfotext):
        assert hidden_in(data).prompt == "a fox"


def test_a_hidden_text_that_unpacks_to_far_more_is_cut() -> None:
    picture = hiding(gzip.compress(b"a" * 2**26), b"stealth_pngcomp", side=800)
    tracemalloc.start()
    with pytest.raises(NoInfotext, match="longer than"):
        hidden_in(picture)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_settings_behind_the_pixels_are_read() -> None:
    data, chunk = png(), b"tEXtparameters\0" + A1111.encode()
    whole = (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    late = data[:-12] + whole + data[-12:]
    with pytest.raises(NoInfotext):
        found_in(late)
    assert hidden_in(late).prompt == "a fox"


def test_a_broken_exif_is_no_settings() -> None:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87i\0\x04")
    with pytest.raises(NoInfotext):
        settings_in(file.getvalue())
