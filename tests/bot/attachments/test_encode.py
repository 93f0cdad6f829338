from io import BytesIO
from random import Random

import numpy
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.attachments import encode
from bot.attachments.encode import Fit
from generation.pictures import Preview

RED, BLUE = Preview(2, 1, b"\xff\0\0" * 2), Preview(2, 1, b"\0\0\xff" * 2)


@pytest.mark.parametrize(
    ("count", "size"), [(1, (512, 256)), (2, (1024, 256)), (3, (1024, 512)), (4, (1024, 512)), (6, (1023, 342))]
)
def test_previews_stand_in_rows_about_as_long_as_they_are_many(count: int, size: tuple[int, int]) -> None:
    assert Image.open(BytesIO(encode.of_previews([RED] * count))).size == size


def test_each_preview_has_its_place() -> None:
    pixels = numpy.asarray(Image.open(BytesIO(encode.of_previews([RED, BLUE]))))
    red, blue = pixels[100, 100], pixels[100, 900]
    assert red[0] > 200 > 50 > red[2]
    assert blue[2] > 200 > 50 > blue[0]


def test_previews_of_several_sizes_keep_their_shapes() -> None:
    pixels = numpy.asarray(Image.open(BytesIO(encode.of_previews([Preview(1, 1, b"\xff\0\0"), BLUE]))))
    assert pixels.shape == (256, 1024, 3)
    assert pixels[100, 100].max() < 50 < 200 < pixels[100, 256][0]
    assert pixels[100, 600][2] > 200


@pytest.fixture(scope="module")
def noisy() -> bytes:
    image = Image.frombytes("RGB", (400, 300), Random(0).randbytes(400 * 300 * 3))
    text = PngInfo()
    text.add_text("parameters", "a fox 🦊\nSteps: 3")
    file = BytesIO()
    image.save(file, "PNG", pnginfo=text)
    return file.getvalue()


def test_a_picture_that_fits_stays_as_it_is(noisy: bytes) -> None:
    assert encode.fitting(noisy, len(noisy)) == Fit(noisy, "png", exact=True)


@pytest.mark.parametrize("most", [200_000, 60_000, 9_000])
def test_one_that_does_not_becomes_a_webp_that_keeps_its_settings(noisy: bytes, most: int) -> None:
    webp = encode.fitting(noisy, most)
    assert (webp.ending, webp.exact) == ("webp", False)
    assert len(webp.data) <= most
    comment = Image.open(BytesIO(webp.data)).getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == "a fox 🦊\nSteps: 3"


def test_nothing_is_lost_where_that_fits() -> None:
    image = Image.radial_gradient("L").convert("RGB")
    file = BytesIO()
    image.save(file, "PNG", compress_level=0)
    webp = encode.fitting(file.getvalue(), 50_000)
    assert (webp.ending, webp.exact) == ("webp", True)
    assert Image.open(BytesIO(webp.data)).convert("RGB").tobytes() == image.tobytes()


def test_the_quality_is_the_best_that_fits(noisy: bytes) -> None:
    sizes = [len(encode.fitting(noisy, most).data) for most in (120_000, 100_000)]
    assert 100_000 < sizes[0] <= 120_000
    assert 80_000 < sizes[1] <= 100_000
