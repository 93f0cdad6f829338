"""The figure of docs/editing.md: pictures before, their masks, and after a part was drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from bot.requests.edits import REGION_STRENGTH
from generation import regions
from generation.catalogue import POCKET
from generation.jobs import Draw, Inputs

GAP, CAPTION = 8, 22
"""Pixels between pictures, and below each."""

SIZE = POCKET.width, POCKET.height


@dataclass(frozen=True, slots=True)
class Example:
    """A picture and what a part of it becomes."""

    before: str
    after: str
    rows: range
    """The rows of the grid that are drawn anew."""
    seed: int

    @property
    def mask(self) -> bytes:
        """White where it is drawn anew, as a PNG file."""
        return regions.mask_of(sum(map(regions.row, self.rows)), SIZE)


EXAMPLES = (
    Example("a rose", "a sunflower", range(3), 7),
    Example("a red apple", "a green apple", range(1, 5), 11),
    Example("a fox face", "a fox face with a crown", range(2), 11),
)


def first(example: Example) -> Draw:
    """The task that draws the picture."""
    return Draw(POCKET.preferred.of(example.before, example.seed))


def second(example: Example, picture: bytes) -> Draw:
    """The task that draws a part of it anew, from another seed."""
    settings = first(example).settings
    changed = replace(settings, prompt=example.after, seed=settings.seed + 1, denoising_strength=REGION_STRENGTH)
    return Draw(changed, Inputs(image=picture, mask=example.mask))


def drawn(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The figure from the pictures before and after of all `EXAMPLES`, as a PNG file."""
    width, height = SIZE
    figure = Image.new("RGB", (3 * (width + GAP) - GAP, len(pairs) * (height + CAPTION)), "white")
    pen, font = ImageDraw.Draw(figure), ImageFont.load_default(10)
    for row, (example, (before, after)) in enumerate(zip(EXAMPLES, pairs, strict=True)):
        top = row * (height + CAPTION)
        captions = example.before, "the mask", example.after
        for column, (png, caption) in enumerate(zip((before, example.mask, after), captions, strict=True)):
            left = column * (width + GAP)
            with Image.open(BytesIO(png)) as image:
                figure.paste(image, (left, top))
            pen.rectangle((left, top, left + width - 1, top + height - 1), outline="#c0c0c0")
            pen.text((left, top + height + 3), caption, "black", font)
    buffer = BytesIO()
    figure.save(buffer, "PNG")
    return buffer.getvalue()
