"""A start picture and a mask of 64×64 pixels."""

from PIL import Image, ImageDraw

from generation import images
from generation.jobs import Inputs


def picture() -> Image.Image:
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((12, 12, 50, 50), fill="#c03020")
    return image


def mask() -> Image.Image:
    drawn_anew = Image.new("L", (64, 64), 0)
    drawn_anew.paste(255, (16, 16, 64, 64))
    return drawn_anew


KEPT = slice(16)
"""Rows above the mask."""
WELL_INSIDE = slice(24, None), slice(24, None)
"""The part that is drawn, without the soft edge where our pictures blend into the part that is kept."""

PICTURE = Inputs(images.as_png(picture()))
MASKED = Inputs(images.as_png(picture()), images.as_png(mask()))
REFERENCE = Inputs(image_prompt=images.as_png(picture()))
