"""Blends of several pictures, and the words for them."""

from collections.abc import Sequence
from dataclasses import replace

from bot.prompts import flags
from generation import loras
from generation.errors import UserError
from generation.settings import GenerationSettings, PartialSettings

FROM_THE_MIDDLE = 0.3
"""The denoising strength of a blend that starts from halfway between its pictures: enough to make one picture of them,
and little enough to keep something of each."""

LONGEST = 300
"""Characters that are taken of each picture's prompt."""


FALLBACK_PROMPT = "a picture"
"""The prompt where there is none."""


def words_of(prompts: Sequence[str]) -> str:
    """The prompts of pictures, joined; something plain where there are none."""
    found: dict[str, None] = {}
    for prompt in prompts:
        try:
            words, _ = loras.read(prompt)
        except UserError:
            continue
        found[" ".join(words.split())[:LONGEST]] = None
    return ", ".join(filter(None, found)) or FALLBACK_PROMPT


def with_words(text: str, words: str = FALLBACK_PROMPT) -> str:
    """Typed text; where it has flags only, with `words` before them."""
    typed, typed_flags = flags.split(text)
    return text if typed else f"{words} {typed_flags}".strip()


def from_the_middle(settings: GenerationSettings, text: str, chosen: PartialSettings) -> GenerationSettings:
    """The settings of a blend that starts from halfway between its pictures, where nobody named a strength."""
    if chosen.over(flags.read(text).chosen).denoising_strength is not None:
        return settings
    return replace(settings, denoising_strength=FROM_THE_MIDDLE)
