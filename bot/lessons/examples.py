"""The example pictures of the lessons: the requests that each shows side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.lessons.topics import Topic
from generation.catalogue import POCKET
from generation.settings import GenerationSettings, Sampler

FOLDER = Path(__file__).parent / "pictures"

NO_CHANGES: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Example:
    """A row of pictures that differ in one setting.

    `cells` are pairs of a heading, the same in every language, and the changed settings. If `starts_from` is a
    prompt, all pictures start from the picture of that prompt, which comes first, with the heading 0.
    """

    prompt: str
    seed: int
    cells: tuple[tuple[str, Mapping[str, Any]], ...]
    starts_from: str = ""

    def settings(self, changes: Mapping[str, Any] = NO_CHANGES) -> GenerationSettings:
        """The settings of a cell, with the model that ships with Noisefox."""
        given = {"prompt": self.prompt, "seed": self.seed}
        return GenerationSettings(**POCKET.preferred.given() | given | {**changes})


EXAMPLES = {
    Topic.STEPS: Example("a cute fox", 7, tuple((str(steps), {"steps": steps}) for steps in (1, 4, 10, 25, 150))),
    Topic.SEED: Example("a tree", 7, tuple((str(seed), {"seed": seed}) for seed in (7, 7, 8, 70000))),
    Topic.SIZE: Example(
        "a cute fox", 7, tuple((f"{side}×{side}", {"width": side, "height": side}) for side in (64, 128, 256))
    ),
    Topic.CLIP_SKIP: Example("a cute fox", 7, tuple((str(skip), {"clip_skip": skip}) for skip in (1, 2, 3, 4))),
    Topic.GUIDANCE: Example(
        "a cute fox", 7, tuple((f"{scale:g}", {"guidance_scale": scale}) for scale in (1.0, 3.0, 7.0, 20.0))
    ),
    Topic.SAMPLER: Example(
        "a cute fox",
        7,
        tuple(
            (f"{sampler} {steps}", {"sampler": sampler, "steps": steps})
            for sampler in (Sampler.EULER, Sampler.EULER_ANCESTRAL)
            for steps in (8, 30)
        ),
    ),
    Topic.STRENGTH: Example(
        "a green apple",
        7,
        tuple((f"{strength:g}", {"denoising_strength": strength}) for strength in (0.3, 0.6, 0.9)),
        starts_from="a red apple",
    ),
    Topic.NEGATIVE: Example("a rose", 7, (("a rose", {}), ("a rose --no red", {"negative_prompt": "red"}))),
}


def file_name(topic: Topic) -> str:
    return f"{topic.name.lower()}.webp"


def picture_of(topic: Topic) -> bytes | None:
    """The example of a lesson as a WebP file; None if it has none."""
    return (FOLDER / file_name(topic)).read_bytes() if topic in EXAMPLES else None
