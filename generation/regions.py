"""A part of a picture, chosen by the cells of a grid: the mask that they make, and the picture under them."""

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageDraw

from generation.figures.typography import Style, Weight, face
from generation.images import on_white

SIDE = 5
"""Rows and columns of the grid."""

ALL = (1 << SIDE * SIDE) - 1
"""All cells. A set of cells is a number whose bit `n` stands for cell `n`: from 0, by rows from the upper left."""

SHOWN = 640
"""Pixels of the longer side of a picture under its grid."""

_LINE, _CHOSEN, _NUMBER = (255, 255, 255, 150), (242, 145, 61, 110), (255, 255, 255, 255)
_DARK = (0, 0, 0, 130)
"""Beside each white line: one of both is seen on any picture."""
_SHADE = (0, 0, 0, 150)


def cells_of(numbers: Iterable[int]) -> int:
    """A set of cells from their numbers; others than those of the grid are left out."""
    return sum({1 << number for number in numbers if 0 <= number < SIDE * SIDE})


def numbers_of(cells: int) -> list[int]:
    """The numbers of a set of cells, in order."""
    return [number for number in range(SIDE * SIDE) if cells >> number & 1]


def row(index: int) -> int:
    """The cells of a row, from the top."""
    return cells_of(range(index * SIDE, (index + 1) * SIDE))


def column(index: int) -> int:
    """The cells of a column, from the left."""
    return cells_of(range(index, SIDE * SIDE, SIDE))


def box_of(number: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a cell in a picture of `size`, in pixels; the right and the bottom are outside."""
    across, down = number % SIDE, number // SIDE
    width, height = size
    return (
        round(across * width / SIDE),
        round(down * height / SIDE),
        round((across + 1) * width / SIDE),
        round((down + 1) * height / SIDE),
    )


def mask_of(cells: int, size: tuple[int, int]) -> bytes:
    """A PNG file of `size` pixels, white where a picture is drawn anew and black where it stays."""
    mask = Image.new("L", size)
    for number in numbers_of(cells):
        mask.paste(255, box_of(number, size))
    return _png(mask)


def fitted(mask: bytes, size: tuple[int, int]) -> bytes | None:
    """A mask, any picture file, as a PNG file of `size` in pixels with nothing between black and white; None where it
    is all black."""
    with Image.open(BytesIO(mask)) as opened:
        image = opened.convert("L").resize(size, Image.Resampling.BILINEAR)
    image = image.point([255 * (value >= 128) for value in range(256)])
    return _png(image) if image.getbbox() else None


def shown(png: bytes, cells: int) -> bytes:
    """A picture under its numbered grid, as a PNG file; the chosen cells are tinted."""
    with Image.open(BytesIO(png)) as opened:
        image = on_white(opened).convert("RGBA")
    factor = SHOWN / max(image.size)
    image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)
    grid = Image.new("RGBA", image.size)
    pen, style = ImageDraw.Draw(grid), Style(18, Weight.BOLD)
    for number in range(SIDE * SIDE):
        left, top, right, bottom = box_of(number, image.size)
        pen.rectangle((left, top, right - 1, bottom - 1), _CHOSEN if cells >> number & 1 else None, _DARK)
        pen.rectangle((left + 1, top + 1, right - 2, bottom - 2), None, _LINE)
        pen.rounded_rectangle((left + 5, top + 5, left + 35, top + 29), 6, _SHADE)
        pen.text((left + 20, top + 17), str(number + 1), _NUMBER, face(style), "mm")
    return _png(Image.alpha_composite(image, grid).convert("RGB"))


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
