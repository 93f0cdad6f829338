"""Say what a scene shows, in the many ways people type it.

Without a style word 3d and cartoon are about as likely, flat is rarer. Looser words ("puppy", "citrus") may stand
for a thing, so that a word with no concept of its own fades to its nearest relatives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from training.colours import SUBJECT_COLOURS
from training.concepts import Concept, word_weights
from training.grounds import PLACES
from training.scenes import HATS, Scene

STYLE_WORDS = {
    "3d": ("3d", "3d render", "3d icon", "3d style", "glossy 3d"),
    "flat": ("flat", "flat icon", "flat design", "flat vector", "flat style"),
    "cartoon": ("cartoon", "cartoon style", "cartoon drawing", "cartoon icon"),
}
STYLE_SAID = {"3d": 0.6, "flat": 0.7, "cartoon": 0.6}
PRAISE = [
    "cute",
    "beautiful",
    "nice",
    "lovely",
    "pretty",
    "funny",
    "cool",
    "amazing",
    "detailed",
    "simple",
    "happy",
    "great",
    "little",
    "awesome",
    "adorable",
    "stylish",
    "colorful",
    "very cute",
    "high quality",
    "super",
    "small detailed",
    "best",
    "modern",
    "classic",
    "fancy",
    "tiny cute",
    "perfect",
    "my favorite",
    "new",
]
OPENINGS = (
    "a picture of",
    "an image of",
    "an illustration of",
    "a render of",
    "an icon of",
    "a photo of",
    "a portrait of",
    "a painting of",
    "a drawing of",
    "an emoji of",
    "a sticker of",
    "draw",
    "draw me",
    "show me",
    "please draw",
)
ASKING = (
    ("", "", "", "hi,", "hello,", "please", "now", "ok,", "so", "hey fox,", "next,"),
    (
        "i want",
        "i want to see",
        "i would love",
        "i'd like to have",
        "i like",
        "i need",
        "we would like to see",
        "we want",
        "could you make",
        "can you paint",
        "can you show me",
        "would you draw",
        "give me",
        "make",
        "make me",
        "let me see",
        "let us have",
        "paint",
        "imagine",
        "it is",
        "this is",
        "here is",
        "there is",
        "one picture with",
    ),
)
"""Openings that people use in a prompt before they name the thing, one of each kind."""
QUALITIES = (
    "bright",
    "simple",
    "neat",
    "soft",
    "sharp",
    "friendly",
    "cheerful",
    "lovely",
    "round",
    "fresh",
    "shiny",
    "tidy",
    "pretty",
    "cute",
    "clear",
    "calm",
    "well made",
    "funny",
    "clean",
)
ENDINGS = [
    "high quality",
    "4k",
    "8k",
    "digital art",
    "soft light",
    "studio light",
    "sharp focus",
    "centered",
    "trending on artstation",
    "masterpiece",
    "best quality",
    "highly detailed",
    "isolated",
    "for my friend",
    "of the future",
    "by a famous artist",
    "concept art",
    "hd",
    "clean",
    "simple",
]
AFTERWARDS = ("please", "thanks", "thank you", "as you like", "if you can", "for me", "and nothing else", "just that")
COLOUR_NAMES = {*SUBJECT_COLOURS, "grey", "light", "dark", "blue", "gold"}
EXTENTS = {
    "small": ("a small {}", "a tiny {}", "{}, far away", "small {}"),
    "large": ("a huge {}", "{}, close up", "a big {}"),
}
WHERES = {
    "left": ("on the left", "at the left side"),
    "right": ("on the right", "at the right side"),
    "top": ("at the top", "in the upper half"),
    "bottom": ("at the bottom", "in the lower half"),
}
SAYS_SOMETHING_ELSE = {
    *COLOUR_NAMES,
    "small",
    "large",
    "big",
    "huge",
    "tiny",
    "flat",
    "cartoon",
    "left",
    "right",
    "top",
}
JOINS = ("{} and {}", "{} and {}", "{} next to {}", "{} with {}", "{}, {}", "{} beside {}")
SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "ar", "en", "ist", "or", "um")]
HAT_NAMES = {"womans hat": "sun hat", "billed cap": "cap"}


def with_article(noun: str) -> str:
    """``a`` or ``an`` before a noun phrase."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


class Captions:
    """Words for scenes. ``dice`` is the source of chance."""

    def __init__(self, concepts: Sequence[Concept], dice: random.Random) -> None:
        self.concepts = concepts
        self.dice = dice
        weights = word_weights(list(concepts))
        self.words = [[word for word in concept.words if word not in SAYS_SOMETHING_ELSE] for concept in concepts]
        self.weights = [[weights[word] for word in words] for words in self.words]

    def noun(self, number: int) -> str:
        """A name for a thing: mostly its own, or an alias, or a looser word that few others share.

        One time in eighty it is a made-up word, so that words nobody taught stand for anything rather than for nothing.
        """
        concept, roll = self.concepts[number], self.dice.random()
        if 0.3 <= roll < 0.3125:
            return "".join(self.dice.choice(SYLLABLES) for _ in range(self.dice.randint(2, 4)))
        if concept.aliases and roll < 0.3:
            return self.dice.choice(concept.aliases)
        if self.words[number] and roll > 0.88:
            return self.dice.choices(self.words[number], self.weights[number])[0]
        return concept.name

    def thing(self, number: int, colour: str | None, bare: bool = False) -> str:
        """A thing with its colour word, praise and article, each as chance has it."""
        noun = self.noun(number)
        if colour:
            kept = [word for word in noun.split() if word not in COLOUR_NAMES]
            noun = f"{colour} {' '.join(kept) or noun}"
        if not bare and self.dice.random() < 0.22:
            noun = f"{self.dice.choice(PRAISE)} {noun}"
        return with_article(noun) if self.dice.random() < 0.75 else noun

    def core_phrase(self, scene: Scene) -> str:
        """The scene without its style and ground."""
        first = self.thing(
            scene.things[0], scene.colours[0], bare=scene.kind in ("clean", "posed") and self.dice.random() < 0.5
        )
        if len(scene.things) == 2:
            return self.dice.choice(JOINS).format(first, self.thing(scene.things[1], scene.colours[1]))
        if scene.worn is not None:
            name = self.concepts[scene.worn].name
            worn = HAT_NAMES.get(name, name)
            if name in HATS and self.dice.random() < 0.45:
                worn = "hat"
            article = worn if worn.endswith("glasses") else with_article(worn)
            return self.dice.choice(("{} with {}", "{} wearing {}", "{} in {}")).format(first, article)
        if scene.ears is not None:
            animal, person = self.concepts[scene.ears].name.removesuffix(" face"), self.concepts[scene.things[0]].name
            praise = "cute " if self.dice.random() < 0.4 else ""
            if self.dice.random() < 0.7:
                return with_article(f"{praise}{animal} {person}")
            return f"{with_article(praise + person)} with {animal} ears"
        if scene.extent:
            noun = first.split(" ", 1)[1] if first.startswith(("a ", "an ")) else first
            first = self.dice.choice(EXTENTS[scene.extent]).format(noun)
        return first

    def ground_phrase(self, scene: Scene) -> str:
        """The caption's words for the background; mostly none for white."""
        if scene.ground in PLACES:
            return f" {PLACES[scene.ground]}"
        if scene.ground != "white" or self.dice.random() < 0.05:
            form = self.dice.choice((" on a {} background", ", {} background", " with a {} background", " on {}"))
            return form.format(scene.ground)
        return ""

    def caption(self, scene: Scene) -> str:
        """One caption of the scene."""
        text = self.core_phrase(scene)
        if scene.where:
            text += (" " if self.dice.random() < 0.6 else ", ") + self.dice.choice(WHERES[scene.where])
        text += self.ground_phrase(scene)
        if self.dice.random() < STYLE_SAID[scene.style]:
            words = self.dice.choice(STYLE_WORDS[scene.style])
            roll = self.dice.random()
            text = f"{text}, {words}" if roll < 0.6 else f"{words} of {text}" if roll < 0.8 else f"{words}, {text}"
        return self.small_talk(text)

    def small_talk(self, text: str) -> str:
        """Put filler words around the caption, so that the model learns to ignore them. The "and" of "soft and bright",
        for example, names no second thing."""
        roll = self.dice.random()
        if roll < 0.12:
            text = f"{self.dice.choice(OPENINGS)} {text}"
        elif roll < 0.3:
            text = " ".join([*filter(None, map(self.dice.choice, ASKING)), text])
        while self.dice.random() < 0.12:
            text = f"{text}, {self.dice.choice(ENDINGS)}"
        if self.dice.random() < 0.12:
            text = f"{text}, {' and '.join(self.dice.sample(QUALITIES, 2))}"
        if self.dice.random() < 0.06:
            text = f"{text}{self.dice.choice((',', ''))} {self.dice.choice(AFTERWARDS)}"
        return text
