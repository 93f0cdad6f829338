"""The pictures that a worker sends: finished ones and previews."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of an unfinished picture: `width` x `height` pixels, three bytes each, row by row."""

    width: int
    height: int
    rgb: bytes
    decoded: bool = False
    """True if a VAE decoded it at full size; otherwise it has one pixel a latent."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture as a PNG file with its settings."""

    png: bytes
    seed: int
    width: int
    height: int
    noise: Preview | None = None
    """The seed's noise, one pixel a latent; None for an upscale."""
    flagged: bool = False
    """True if the safety checker flagged it as NSFW."""
