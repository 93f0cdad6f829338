"""Fingerprints of a picture that was saved again, and of others."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from generation import fingerprints

DOCS = Path(__file__).parents[2] / "docs"
FOXES, APPLES = (Image.open(DOCS / f"explain-{name}-steps.webp").convert("RGB") for name in ("fox-girl", "apple"))


def saved_as_jpeg(image: Image.Image) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file)


def cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 100, height // 100, width - width // 100, height - height // 100))


CHANGES = {
    "saved as JPEG": saved_as_jpeg,
    "smaller": lambda image: image.resize((200, 150)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "without its border": cropped,
    "with an alpha channel": lambda image: image.convert("RGBA"),
    "grey": lambda image: image.convert("L"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_picture_is_found_again(change: str) -> None:
    changed = CHANGES[change](FOXES)  # type: ignore[no-untyped-call]
    assert fingerprints.are_alike(fingerprints.of(FOXES), fingerprints.of(changed))
    assert not fingerprints.are_alike(fingerprints.of(APPLES), fingerprints.of(changed))


def test_plain_pictures_and_gradients_have_too_little_detail() -> None:
    plain = Image.new("RGB", (64, 64), "red")
    assert not fingerprints.has_detail(fingerprints.of(plain))
    assert not fingerprints.has_detail(fingerprints.of(Image.linear_gradient("L").rotate(90)))
    assert fingerprints.has_detail(fingerprints.of(FOXES))
    assert len(fingerprints.of(plain)) == len(fingerprints.of(FOXES)) == fingerprints.BITS // 4
