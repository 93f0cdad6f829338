"""From blocks to a finished figure."""

from PIL import Image

from generation.figures import palette
from generation.figures.blocks import Block, rounded

WIDTH = 960
"""Pixels. In a chat on a phone it is about 280 wide, and 390 once it is pressed: crisp there, and letters of 34 pixels
can be read in both."""

MARGIN = 36
_RADIUS = 28


def drawn(block: Block, width: int = WIDTH, margin: int = MARGIN) -> Image.Image:
    """A block on a card with round corners, in RGBA: transparent outside of them."""
    inner = width - 2 * margin
    card = Image.new("RGB", (width, block.height(inner) + 2 * margin), palette.CARD)
    block.draw(card, margin, margin, inner)
    card.putalpha(rounded(card.size, _RADIUS))
    return card
