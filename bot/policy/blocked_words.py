"""Blocked words: whole words and phrases, never parts of others ("ass" is not in "grass")."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from generation import loras, prompt_syntax
from generation.settings import GenerationSettings

_LOOKALIKES = str.maketrans({"@": "a", "$": "s", "0": "o", "1": "i", "3": "e", "5": "s"})

_LETTER = r"[^\W_]"

_WORD = re.compile(f"{_LETTER}+")

_SPELLED = re.compile(
    rf"(?<!{_LETTER}){_LETTER}(?:(?:\s?(?:[^\w\s]|_)\s?{_LETTER}){{2,}}|(?:\s{_LETTER}){{2,}})(?!{_LETTER})"
)
"""Three letters or more, each by itself, with marks or with spaces between all of them."""

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What is written and not seen, beside what Unicode calls format characters: fillers, joiners, variation selectors."""


def asked_for(blocked: Iterable[str], settings: GenerationSettings) -> str | None:
    """One of `blocked` that is to be drawn.

    In a negative prompt words are free, as they say what is not to be drawn; but not those that weigh less than
    nothing.
    """
    prompt, _ = loras.read(settings.prompt)
    opposed = [span for window in prompt_syntax.parse(settings.negative_prompt) for span in window if span.weight < 0]
    heard = [span for window in prompt_syntax.parse(prompt) for span in window]
    texts = (settings.prompt, "".join(span.text for span in heard), " ".join(span.text for span in opposed))
    return blocked_in(blocked, "\n".join(texts))


def blocked_in(blocked: Iterable[str], text: str) -> str | None:
    """One of `blocked` that stands in `text` as a word of its own; a star at its end takes any ending.

    Case, accents, letters set wide or fancy, and what is not seen make no difference, nor do digits in place of letters
    or marks between all letters.
    """
    plain = _plain(text)
    spoken = [each for variant in (plain, plain.translate(_LOOKALIKES)) for each in (variant, _joined(variant))]
    single, others = _sorted(tuple(blocked))
    said = (single[word] for each in spoken for word in _WORD.findall(each) if word in single)
    matched = (word for word, pattern in others.items() if any(pattern.search(each) for each in spoken))
    return next(chain(said, matched), None)


def read(text: str) -> tuple[str, ...]:
    """Words as an admin types them: divided by commas or lines, each once, and without those that nobody sees."""
    words = (" ".join(each.split()) for each in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(word for word in words if _plain(word).strip("* ")))


@lru_cache(maxsize=256)
def _sorted(blocked: tuple[str, ...]) -> tuple[dict[str, str], dict[str, re.Pattern[str]]]:
    """Blocked words as they were typed: single ones by their plain form, and others with what finds them."""
    single = {plain: word for word in blocked if _WORD.fullmatch(plain := _plain(word))}
    return single, {word: re.compile(_pattern(_plain(word))) for word in blocked if word not in single.values()}


def _pattern(word: str) -> str:
    stem = r"[\W_]+".join(map(re.escape, word.removesuffix("*").split()))
    end = "" if word.endswith("*") else f"(?!{_LETTER})"
    return f"(?<!{_LETTER}){stem}{end}"


def _plain(text: str) -> str:
    """Small letters without accents and without anything unseen."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = (each for each in decomposed if not unicodedata.combining(each) and unicodedata.category(each) != "Cf")
    return _UNSEEN.sub("", "".join(seen))


def _joined(text: str) -> str:
    """Text in which words that are spelled are written in one; an "a" before them may be a word of its own."""
    return _SPELLED.sub(_written, text)


def _written(spelled: re.Match[str]) -> str:
    word = re.sub(r"[\W_]", "", spelled[0])
    return f"{word} {word[1:]}" if word.startswith("a") else word
