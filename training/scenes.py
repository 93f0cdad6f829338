"""Scenes of training pictures: chosen at random, described by a caption, painted by ``paint``.

Whatever differs between two pictures is either named in the scene, so that the caption can say it, or small and left
to chance, so that another seed gives another picture of the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from training.art import STYLES
from training.colours import GROUND_COLOURS, SUBJECT_COLOURS, unseen
from training.concepts import Concept, known
from training.grounds import PLACES

KINDS = {"vary": 0.3, "place": 0.07, "ground": 0.16, "colour": 0.24, "pair": 0.12, "wear": 0.07, "ears": 0.04}
PLAIN = ("vary",)
CORE_ALONE = 0.6
STYLE_SHARES = {"3d": 0.36, "flat": 0.26, "cartoon": 0.38}
SIDES = (96, 128, 160, 192)
WHERE = ("left", "right", "top", "bottom")
HATS = ("top hat", "crown", "womans hat", "graduation cap", "billed cap")
SPECTACLES = ("sunglasses", "glasses")
HEADS: tuple[str, ...] = (
    "fox",
    "wolf",
    "bear",
    "panda",
    "koala",
    "lion",
    "frog",
    "hamster",
    "robot",
    "alien",
    "ghost",
    "skull",
    "girl",
    "boy",
    "man",
    "woman",
    "baby",
    "old man",
    "old woman",
    "jack o lantern",
    "polar bear",
    "raccoon",
    "owl",
)
PEOPLE = ("girl", "girl", "girl", "boy", "woman", "man")
EARS = {
    "fox": 0.42,
    "cat face": 0.36,
    "rabbit face": 0.5,
    "wolf": 0.4,
    "bear": 0.36,
    "mouse face": 0.5,
    "panda": 0.36,
    "tiger face": 0.34,
    "koala": 0.45,
}
SQUARE = (128, 128)
CANVASES = tuple((width, height) for width in SIDES for height in SIDES if (width, height) != SQUARE)


@dataclass(frozen=True)
class Scene:
    """One picture to draw.

    ``things`` are concept numbers, left to right; ``colours`` their colour words, or None for their own. ``extent`` is
    "small", "large" or None; ``where`` one of ``WHERE`` or None. ``worn`` is the concept number of a hat or spectacles,
    ``ears`` that of the animal whose ears the first thing has. ``width`` and ``height`` in pixels.
    """

    kind: str
    style: str
    things: tuple[int, ...]
    colours: tuple[str | None, ...]
    ground: str = "white"
    extent: str | None = None
    where: str | None = None
    worn: int | None = None
    ears: int | None = None
    width: int = 128
    height: int = 128

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @staticmethod
    def from_json(row: dict[str, Any]) -> Scene:
        """Read a scene that ``to_json`` wrote."""
        return Scene(**{**row, "things": tuple(row["things"]), "colours": tuple(row["colours"])})


class SceneMaker:
    """Draws scenes at random from the concepts there are."""

    def __init__(self, concepts: Sequence[Concept], rows: dict[tuple[int, str], int]) -> None:
        self.concepts = concepts
        self.rows = rows
        self.number = {concept.name: number for number, concept in enumerate(concepts)}
        taught = known(concepts)
        weights = np.array([taught[n] * concept_weight(concept) for n, concept in enumerate(concepts)])
        self.chances = weights / weights.sum()
        core = np.array([float(concept.core) for concept in concepts])
        self.core_chances = core / core.sum() if core.any() else None

    def style(self, rng: np.random.Generator, *things: int) -> str:
        """A style that all the things exist in."""
        styles = [style for style in STYLES if all((thing, style) in self.rows for thing in things)] or ["flat"]
        shares = np.array([STYLE_SHARES[style] for style in styles])
        return str(rng.choice(styles, p=shares / shares.sum()))

    def thing(self, rng: np.random.Generator, plain: bool = True) -> int:
        """A concept number, core concepts more often, and more often still where more than the thing is shown."""
        alone = self.core_chances is not None and not plain and rng.random() < CORE_ALONE
        return int(rng.choice(len(self.concepts), p=self.core_chances if alone else self.chances))

    def known(self, names: Sequence[str]) -> list[int]:
        """The numbers of those names that exist."""
        return [self.number[name] for name in names if name in self.number]

    def colour(self, thing: int, rng: np.random.Generator) -> str | None:
        """A colour word for a thing, never one of the pairs kept unseen."""
        words = [word for word in SUBJECT_COLOURS if not unseen(self.concepts[thing].name, word)]
        return str(rng.choice(words)) if words else None

    def ground(self, rng: np.random.Generator) -> str:
        """A ground other than white: a colour two times in three, else a place."""
        names = list(PLACES) if rng.random() < 0.35 else [name for name in GROUND_COLOURS if name != "white"]
        return str(rng.choice(names))

    def clean(self, thing: int, style: str) -> Scene:
        """The thing alone, centred and whole, on white, as the artist drew it."""
        return Scene("clean", style, (thing,), (None,))

    def eared(self) -> list[Scene]:
        """Every person with every animal's ears, as clean as a thing: no artist has drawn a fox girl."""
        return [
            replace(self.clean(person, style), ears=animal)
            for style in STYLES
            for person in self.known(PEOPLE)
            for animal in self.known(tuple(EARS))
            if (person, style) in self.rows and (animal, style) in self.rows
        ]

    def draw(self, rng: np.random.Generator, kind: str | None = None) -> Scene:
        """One random scene."""
        kind = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
        first = self.thing(rng, kind in PLAIN)
        width, height = CANVASES[int(rng.integers(len(CANVASES)))] if rng.random() < 0.16 else SQUARE
        ground = self.ground(rng) if kind == "ground" or rng.random() < 0.08 else "white"
        if kind == "pair":
            second = self.thing(rng, plain=False)
            if rng.random() < 0.4:
                width, height = (192, 128) if rng.random() < 0.7 else (160, 128)
            colours = tuple(self.colour(thing, rng) if rng.random() < 0.2 else None for thing in (first, second))
            style = self.style(rng, first, second)
            return Scene(kind, style, (first, second), colours, ground, width=width, height=height)
        if kind == "wear":
            smileys = rng.random() < 0.3
            faces = [
                n for n, c in enumerate(self.concepts) if has_face(c) and (c.group == "smileys-emotion") == smileys
            ]
            heads = faces if smileys else self.known(HEADS) + faces
            worn = self.known(HATS if rng.random() < 0.7 else SPECTACLES)
            if heads and worn:
                first, on = int(rng.choice(heads)), int(rng.choice(worn))
                return Scene(
                    kind, self.style(rng, first, on), (first,), (None,), ground, worn=on, width=width, height=height
                )
        if kind == "ears":
            people, animals = self.known(PEOPLE), self.known(tuple(EARS))
            if people and animals:
                first, animal = int(rng.choice(people)), int(rng.choice(animals))
                return Scene(kind, self.style(rng, first, animal), (first,), (None,), ground, ears=animal)
        if kind == "place":
            extent = str(rng.choice(["small", "large"])) if rng.random() < 0.6 else None
            where = str(rng.choice(WHERE)) if extent is None or (extent == "small" and rng.random() < 0.5) else None
            style = self.style(rng, first)
            return Scene(kind, style, (first,), (None,), ground, extent, where, width=width, height=height)
        colour = self.colour(first, rng) if kind == "colour" else None
        return Scene(kind, self.style(rng, first), (first,), (colour,), ground, width=width, height=height)


def has_face(concept: Concept) -> bool:
    """True if the whole picture is a head, so that a hat has a place."""
    return concept.name.endswith(" face") and concept.group in ("animals-nature", "smileys-emotion")


def concept_weight(concept: Concept) -> float:
    """How often a concept is drawn in a scene: the core most, the many near-alike people and signs least."""
    if concept.core:
        return 4.0
    return 0.6 if concept.group in ("people-body", "symbols", "flags") else 1.0
