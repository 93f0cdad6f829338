"""Blends: what is drawn from several pictures, and with which words."""

from collections.abc import Sequence
from dataclasses import replace

from bot.attachments import metadata
from bot.prompts import flags
from generation import loras
from generation.errors import UserError
from generation.settings import GenerationSettings, PartialSettings

FROM_THE_MIDDLE = 0.3
"""The denoising strength of a picture that starts from halfway between others: enough to make one of two that shine
through each other, and not so much that they are forgotten."""

LONGEST = 300
"""Characters of each picture's words that are taken."""


FALLBACK_PROMPT = "a picture"
"""The words where there are none."""


def words_of(files: Sequence[bytes]) -> str:
    """What the pictures were drawn with by their own account, one after the other; something plain where none says."""
    found: dict[str, None] = {}
    for file in files:
        try:
            words, _ = loras.read(metadata.settings_in(file).prompt)
        except UserError:
            continue
        found[" ".join(words.split())[:LONGEST]] = None
    return ", ".join(filter(None, found)) or FALLBACK_PROMPT


def with_words(text: str, words: str = FALLBACK_PROMPT) -> str:
    """What somebody typed, or, where those are flags alone, with `words`."""
    typed, typed_flags = flags.split(text)
    return text if typed else f"{words} {typed_flags}".strip()


def from_the_middle(settings: GenerationSettings, text: str, chosen: PartialSettings) -> GenerationSettings:
    """The settings of a drawing that starts from halfway between pictures, where nobody named its strength."""
    if chosen.over(flags.read(text).chosen).denoising_strength is not None:
        return settings
    return replace(settings, denoising_strength=FROM_THE_MIDDLE)
