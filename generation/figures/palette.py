"""The colours of figures. Text on the card has a contrast of 7 to 1 and more, quiet text of 4.5 (WCAG 2.2, 1.4.3)."""

Colour = tuple[int, int, int]

CARD = (24, 26, 32)
"""The ground of a figure."""
EMPTY = (36, 39, 48)
"""Where a picture is missing."""
GROOVE = (62, 66, 78)
"""What a bar has still to fill."""
TEXT = (242, 243, 245)
QUIET = (181, 186, 198)

ORANGE = (242, 145, 61)
"""Noisefox's own; also stands for what the prompt does."""
BLUE = (106, 168, 255)
"""What the model does by itself."""
GREEN = (110, 214, 140)
"""Both together."""
VIOLET = (190, 150, 255)
"""Noise."""
