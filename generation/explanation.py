"""What a drawing has to show of itself: recorded by the engine, drawn as a figure by whoever asked."""

from dataclasses import dataclass

from generation.pictures import Preview

MOMENTS = 16
"""How many moments of a drawing are recorded at most, from its noise to its picture."""

FORKS = (0.12, 0.4, 0.8)
"""Where the steps are, of all, whose two predictions are shown: what is to be seen is settled early."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The drawing after `step` of its steps; after 0 it is the noise of the seed."""

    step: int
    noise: float
    """The share of noise in it, of its variance: from 1 to 0."""
    picture: Preview
    """The latents as they stand, decoded."""
    expected: Preview
    """The finished picture that the model's merged prediction points at from here, decoded; at the end the picture."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The two predictions of one step and what is made of them, each as the finished picture it points at."""

    step: int
    """How many steps are done before it."""
    noise: float
    without: Preview
    with_prompt: Preview
    merged: Preview
    guided: bool = True
    """False where the prompt alone was followed, so that merged is the same."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One drawing from the inside."""

    steps: int
    noise: Preview
    """The noise of the seed as colours, one pixel a latent."""
    moments: tuple[Moment, ...]
    forks: tuple[Fork, ...]
    from_picture: bool = False
    """True where it begins with another picture under the noise, so that some of that is seen from the start."""


def spread(steps: int, most: int) -> list[int]:
    """At most `most` of the numbers 0 to `steps` - 1, evenly, the first among them."""
    return sorted({number * steps // most for number in range(most)})
