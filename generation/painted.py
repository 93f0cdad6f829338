"""A part of a picture that somebody has painted over, and margins around it, as what a job starts from."""

from dataclasses import dataclass

from PIL import Image, ImageChops

from generation import images, outpainting
from generation.images import UnusableImage
from generation.jobs import Inputs
from generation.outpainting import NO_MARGINS, Margins

MASK_BYTES = 2**19
"""The largest file of a painted mask."""

_HALF = 128
"""The brightness from which a pixel of a painted mask, of 0 to 255, is drawn anew."""


@dataclass(frozen=True, slots=True)
class PaintedCanvas:
    """The size in pixels that a picture is brought to, the margins around it, and the size that both together are drawn
    at, which differs where the model can't draw any size."""

    size: tuple[int, int]
    margins: Margins
    drawn: tuple[int, int]


def inputs_of(picture: bytes, painted: bytes, canvas: PaintedCanvas) -> Inputs:
    """The mask of what is drawn anew, and with margins also the picture with room around it, as PNG files.

    picture: one of the bot's own. painted: a picture file of somebody, white where they painted, of any size: it covers
    the whole canvas. Raises `UnusableImage`, also where nothing would be drawn.
    """
    if len(painted) > MASK_BYTES:
        raise UnusableImage("That is too much to send. Paint it with fewer strokes.")
    whole = canvas.margins.around(canvas.size)
    mask = _mask(painted, whole)
    if canvas.margins == NO_MARGINS:
        _check(mask)
        return Inputs(mask=images.as_png(images.fitted(mask, *canvas.drawn)))
    image = images.fitted(images.on_white(images.read(picture, limited=False)), *canvas.size)
    view = outpainting.extended(image, canvas.margins)
    mask = ImageChops.lighter(view.mask, mask)
    image, mask = (images.fitted(each, *canvas.drawn) for each in (view.image, mask))
    return Inputs(images.as_png(image), images.as_png(mask))


def _mask(painted: bytes, size: tuple[int, int]) -> Image.Image:
    """The mask in mode L and at `size`: 255 where it is painted, else 0."""
    image = images.read(painted).convert("L").resize(size, Image.Resampling.BILINEAR)
    return image.point(lambda value: 255 if value >= _HALF else 0)


def _check(mask: Image.Image) -> None:
    if mask.getbbox() is None:
        raise UnusableImage("Paint over the part that is to be drawn anew, or draw more at a side.")
