"""Pictures as they leave a worker: finished ones, and previews."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preview:
    """A small look at an unfinished picture: `width` x `height` pixels, three bytes each, row by row."""

    width: int
    height: int
    rgb: bytes
    decoded: bool = False
    """True where the autoencoder made it, at the picture's full size; else one pixel a latent."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture as a PNG file, settings inside."""

    png: bytes
    seed: int
    width: int
    height: int
    noise: Preview | None = None
    """The noise that its seed makes, one pixel a latent; None of an upscale."""
    flagged: bool = False
    """True where it was checked, and belongs in an age-restricted channel."""
