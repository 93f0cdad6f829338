"""An explanation: a picture's denoising, recorded by the engine, to be shown as a figure."""

from dataclasses import dataclass

from generation.pictures import Preview

MOMENTS = 16
"""The most moments that are recorded, from the noise to the picture."""

FORKS = (0.12, 0.4, 0.8)
"""The positions, as shares of the steps, of the predictions that are shown. Composition is settled early."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The state after `step` steps; after 0 it is the seed's noise."""

    step: int
    noise: float
    """The share of noise in its variance, from 1 to 0."""
    picture: Preview
    """The latents, decoded."""
    expected: Preview
    """The x0 that the guided prediction implies, decoded; after the last step, the picture."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The unconditional, conditional and guided predictions of one step, each as the x0 it implies."""

    step: int
    """The number of steps done before it."""
    noise: float
    without: Preview
    with_prompt: Preview
    merged: Preview
    guided: bool = True
    """False without guidance: merged equals with_prompt."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The denoising of one picture."""

    steps: int
    noise: Preview
    """The seed's noise as colours, one pixel a latent."""
    moments: tuple[Moment, ...]
    forks: tuple[Fork, ...]
    from_picture: bool = False
    """True for image to image: some of the start picture is visible from the start."""
    told: bool = False
    """True where the network was told the guidance scale and predicted once a step. `merged` of a fork is what it
    predicted so, and the others are what it says when it is told 1."""


def spread(steps: int, most: int) -> list[int]:
    """At most `most` of the numbers 0 to `steps` - 1, evenly spaced, the first included."""
    return sorted({number * steps // most for number in range(most)})
