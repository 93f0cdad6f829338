"""Which things the model learns, and what people call them.

Names and tags come from Unicode CLDR by way of emojibase, further words from emojilib. Dropped are skin tones,
country flags, keycaps, clock times, families, gestures and nearly all symbols: signs rather than things to draw.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CORE_LIST = Path(__file__).with_name("core.txt")

FLAGS = {"chequered flag", "triangular flag", "pirate flag", "white flag", "black flag", "rainbow flag"}
SIGNS = {"warning", "recycling symbol", "check mark", "cross mark", "yin yang", "atom symbol", "radioactive"}
SIGNS |= {"biohazard", "peace symbol", "infinity", "red question mark", "red exclamation mark", "no entry"}
COLOURED_HEARTS = {f"{colour} heart" for colour in ("pink", "orange", "light blue", "brown", "black", "grey", "white")}
GENDERED = ("person-role", "person-fantasy", "person-activity", "person-sport", "person-resting")
SYNONYMS = {
    "apple": ("red apple", "green apple"),
    "ball": ("soccer ball", "basketball", "volleyball", "baseball"),
    "car": ("automobile", "racing car"),
    "flower": ("hibiscus", "sunflower", "tulip", "rose", "blossom"),
    "tree": ("deciduous tree", "evergreen tree", "palm tree"),
    "puppy": ("dog face",),
    "doggy": ("dog face", "dog"),
    "kitten": ("cat face",),
    "kitty": ("cat face", "cat"),
    "bunny": ("rabbit face", "rabbit"),
    "piglet": ("pig face",),
    "chick": ("hatching chick", "baby chick"),
    "ufo": ("flying saucer",),
    "spaceship": ("rocket", "flying saucer"),
    "burger": ("hamburger",),
    "fries": ("french fries",),
    "cake": ("birthday cake", "shortcake"),
    "donut": ("doughnut",),
    "coffee": ("hot beverage",),
    "tea": ("teacup without handle", "teapot"),
    "beer": ("beer mug",),
    "wine": ("wine glass",),
    "mountain": ("mountain", "snow capped mountain"),
    "sunset": ("sunset", "sunrise"),
    "sun": ("sun", "sun with face"),
    "moon": ("full moon", "crescent moon"),
    "heart": ("red heart",),
    "diamond": ("gem stone",),
    "gift": ("wrapped gift",),
    "present": ("wrapped gift",),
    "pumpkin": ("jack o lantern",),
    "computer": ("laptop", "desktop computer"),
    "phone": ("mobile phone", "telephone"),
    "poop": ("pile of poo",),
    "smiley": ("grinning face", "smiling face"),
    "emoji": ("grinning face", "smiling face"),
    "wizard": ("mage", "man mage", "woman mage"),
    "witch": ("woman mage",),
    "king": ("prince",),
    "queen": ("princess",),
    "astronaut": ("man astronaut", "woman astronaut"),
    "boat": ("sailboat", "speedboat"),
    "plane": ("airplane",),
    "truck": ("delivery truck", "pickup truck"),
    "bee": ("honeybee",),
    "ladybug": ("lady beetle",),
    "dinosaur": ("t rex", "sauropod"),
    "dino": ("sauropod", "t rex"),
    "fish": ("fish", "tropical fish"),
    "house": ("house", "house with garden"),
}


@dataclass(frozen=True)
class Concept:
    """One thing: its code points in hex, its name, other whole names, looser words, and whether it is of the core."""

    code: str
    name: str
    group: str
    subgroup: str
    aliases: tuple[str, ...]
    words: tuple[str, ...]
    core: bool


def plain(text: str) -> str:
    """Lower case, letters, digits and single spaces only."""
    text = re.sub(r"[’'“”:,.!()]", "", text.lower())
    return " ".join(re.sub(r"[_\-]", " ", text).split())


def wanted(label: str, group: str, subgroup: str) -> bool:
    """True if an emoji is a thing to draw."""
    if group == "component" or "facing right" in label:
        return False
    if group == "flags":
        return label in FLAGS
    if group == "symbols":
        odd = ("button", "small", "medium", "with a dot")
        return label in SIGNS or (subgroup == "geometric" and not any(word in label for word in odd))
    if subgroup in ("family", "person-symbol", "person-gesture"):
        return False
    if subgroup == "person":
        return ":" not in label and label not in ("person", "child")
    if subgroup in GENDERED:
        return "person" not in label and not label.startswith("people holding")
    if subgroup == "hand-single-finger":
        return "middle" not in label
    return not (subgroup == "time" and ("o’clock" in label or "thirty" in label))


def core_names() -> set[str]:
    """Names of the concepts that matter most and are trained most."""
    lines = CORE_LIST.read_text().splitlines()
    return {name.strip() for line in lines if not line.startswith("#") for name in line.split(",") if name.strip()}


def read_concepts(packages: Path) -> list[Concept]:
    """All concepts named in the packages, in Unicode's order."""
    rows: list[dict[str, Any]] = json.loads((packages / "names/en/data.json").read_text())
    messages = json.loads((packages / "names/en/messages.json").read_text())
    groups = {row["order"]: row["key"] for row in messages["groups"]}
    subgroups = {row["order"]: row["key"] for row in messages["subgroups"]}
    keywords: dict[str, list[str]] = json.loads((packages / "keywords/dist/emoji-en-US.json").read_text())
    kept = [
        row for row in rows if "group" in row and wanted(row["label"], groups[row["group"]], subgroups[row["subgroup"]])
    ]
    names = {plain(row["label"]) for row in kept}
    core = core_names()
    concepts = []
    for row in kept:
        name, group = plain(row["label"]), groups[row["group"]]
        extra = keywords.get(row["emoji"]) or keywords.get(row["emoji"].replace("\ufe0f", "")) or []
        aliases = {plain(word) for word in extra[:1]} | {word for word, ts in SYNONYMS.items() if name in ts}
        if name.endswith(" face") and group == "animals-nature":
            aliases.add(name.removesuffix(" face"))
        words = {plain(word) for word in [*row.get("tags", []), *extra[1:]]}
        concepts.append(
            Concept(
                code=row["hexcode"],
                name=name,
                group=group,
                subgroup=subgroups[row["subgroup"]],
                aliases=tuple(sorted(word for word in aliases if word != name and usable(word))),
                words=tuple(sorted(word for word in words - aliases - names if usable(word))),
                core=name in core,
            )
        )
    return concepts


def known(concepts: Sequence[Concept]) -> list[bool]:
    """Which of the concepts the model is taught; the autoencoder and the upscaler see the art of all.

    Left out, unless they are of the core, is what small pictures hardly tell apart: a man and a woman of each calling
    ("man judge") where the calling itself is there, the man where there is a woman doing the same, single hands, the
    finer moods of smileys and of cat faces, and shapes and hearts of one colour each.
    """
    names = {concept.name for concept in concepts}

    def double(concept: Concept) -> bool:
        calling = re.sub(r"^(wo)?man ", "", concept.name)
        if calling != concept.name:
            return calling in names or f"wo{concept.name}" in names
        bare_hand = concept.subgroup.startswith("hand") and concept.subgroup != "hand-prop"
        mood = concept.group == "smileys-emotion" and ("face" in concept.subgroup)
        coloured = concept.subgroup == "geometric" or concept.name in COLOURED_HEARTS
        return bare_hand or mood or coloured

    return [concept.core or not double(concept) for concept in concepts]


def usable(word: str) -> bool:
    """True if a tag can be used in a caption."""
    return re.fullmatch(r"[a-z][a-z0-9 ]{1,28}[a-z0-9]", word) is not None


def word_weights(concepts: list[Concept]) -> dict[str, float]:
    """How telling each loose word is: 1 over the number of concepts that carry it."""
    counts = Counter(word for concept in concepts for word in concept.words)
    return {word: 1 / count for word, count in counts.items()}


def save_concepts(concepts: list[Concept], path: Path) -> None:
    """Write the concepts as JSON, one a line."""
    path.write_text("".join(json.dumps(asdict(concept)) + "\n" for concept in concepts))


def load_concepts(path: Path) -> list[Concept]:
    """Read what ``save_concepts`` wrote."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return [Concept(**{**row, "aliases": tuple(row["aliases"]), "words": tuple(row["words"])}) for row in rows]
