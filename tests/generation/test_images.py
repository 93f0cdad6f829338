"""Pictures as people save them: each is read as it looks, or refused in a sentence."""

import contextlib
import random
import struct
import sys
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from bot.attachments import metadata
from generation import images
from generation.errors import UserError
from generation.images import UnusableImage


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves() -> Image.Image:
    """A picture that is red on its left and blue on its right."""
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    return image


def exif_with(orientation: int) -> bytes:
    """EXIF that turns the picture, beside a number in text, which no one can write back."""
    tags = struct.pack("<HHII", 0x0100, 2, 4, int.from_bytes(b"abc\0", "little"))
    tags += struct.pack("<HHII", 0x0112, 3, 1, orientation)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + tags + bytes(4)


def ramp(colour: int) -> bytes:
    """A PNG of 16 bits a channel with every value 257·n; `colour` is 0 for grey and 2 for RGB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    channels = 3 if colour else 1
    row = b"\0" + b"".join(struct.pack(">H", 257 * value) * channels for value in range(256))
    head = struct.pack(">IIBBBBB", 256, 2, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b"")


def near(pixel: Any, red: int, green: int, blue: int) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(pixel, (red, green, blue), strict=True))


@pytest.mark.parametrize("colour", [0, 2])
def test_16_bits_are_scaled(colour: int) -> None:
    image = images.read(ramp(colour))
    assert [image.getpixel((x, 0)) for x in (0, 100, 255)] == [(0, 0, 0), (100, 100, 100), (255, 255, 255)]


def test_the_first_frame_of_a_camera_jpeg_is_read_also_where_the_file_ends_after_it() -> None:
    whole = saved(halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))])
    for file in (whole, whole[: whole.index(b"\xff\xd9") + 2]):
        assert near(images.read(file).getpixel((9, 9)), 255, 0, 0)


def test_the_still_picture_of_an_animated_png_is_read() -> None:
    frames = [Image.new("RGB", (64, 32), colour) for colour in ("green", "white")]
    still = saved(halves(), "PNG", save_all=True, default_image=True, append_images=frames)
    assert images.read(still).getpixel((60, 9)) == (0, 0, 255)
    with pytest.raises(UnusableImage, match="Animated"):
        images.read(saved(halves(), "PNG", save_all=True, append_images=frames))


def test_a_picture_is_turned_as_exif_says_whatever_else_that_says() -> None:
    image = images.read(saved(halves(), "JPEG", exif=exif_with(6)))
    assert image.size == (32, 64)
    assert near(image.getpixel((9, 60)), 0, 0, 255)


def test_cmyk_is_read() -> None:
    assert near(images.read(saved(halves().convert("CMYK"), "JPEG")).getpixel((9, 9)), 255, 0, 0)


def test_holes_in_a_palette_stay_holes() -> None:
    image = halves().convert("P")
    file = saved(image, "PNG", transparency=image.getpixel((0, 0)))
    assert images.read(file).getchannel("A").getextrema() == (0, 255)


def test_a_damaged_profile_is_left_out() -> None:
    assert images.read(saved(halves(), "PNG", icc_profile=b"no profile")).getpixel((9, 9)) == (255, 0, 0)


def test_colours_of_a_profile_become_srgb() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    assert near(images.read(saved(halves(), "PNG", icc_profile=srgb)).getpixel((9, 9)), 255, 0, 0)
    assert near(images.read(saved(halves(), "PNG", icc_profile=swapped)).getpixel((9, 9)), 0, 0, 255)


def test_avif_is_read_and_heic_is_refused_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert near(images.read(saved(halves(), "AVIF")).getpixel((9, 9)), 255, 0, 0)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnusableImage, match="HEIC"):
        images.read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))


def heic(image: Image.Image, **options: Any) -> bytes:
    """A picture as a phone saves it; skips the test without the extra."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    return saved(image, "HEIF", **options)


def test_heic_is_read_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert near(images.read(heic(halves())).getpixel((9, 9)), 255, 0, 0)
    assert images.read(heic(halves(), exif=exif_with(6))).size == (32, 64)
    several = heic(halves(), save_all=True, append_images=[Image.new("RGB", (64, 32), "green")])
    assert near(images.read(several).getpixel((9, 9)), 255, 0, 0)
    monkeypatch.setattr(images, "PIXELS", 64 * 32 - 1)
    with pytest.raises(UnusableImage, match="pixels"):
        images.read(heic(halves()))


def test_a_picture_of_more_than_25_million_pixels_is_refused_by_its_head() -> None:
    with pytest.raises(UnusableImage, match="25 million"):
        images.read(saved(Image.new("1", (7000, 7000)), "PNG"))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_a_format_that_is_not_read_is_named(kind: str) -> None:
    with pytest.raises(UnusableImage) as refused:
        images.read(saved(halves(), kind))
    assert str(refused.value) == f"I can't read {kind}. Use PNG, JPEG, WebP or AVIF."


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "MPO", "HEIF"])
def test_a_damaged_file_gives_a_picture_or_a_sentence(kind: str) -> None:
    dice = random.Random(kind)
    options: dict[str, Any] = {"exif": exif_with(6)} if kind in ("JPEG", "PNG", "WEBP") else {}
    if kind == "MPO":
        options = {"save_all": True, "append_images": [halves()]}
    whole = heic(halves()) if kind == "HEIF" else saved(halves(), kind, **options)
    for _ in range(120):
        file = bytearray(whole[: dice.randrange(1, len(whole) + 1)])
        for _ in range(dice.randrange(4)):
            file[dice.randrange(len(file))] ^= 1 << dice.randrange(8)
        with contextlib.suppress(UnusableImage):
            assert images.read(bytes(file)).width
        with contextlib.suppress(UserError):
            metadata.settings_in(bytes(file))
