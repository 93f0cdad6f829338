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
"""Three or more single letters with marks or spaces between all of them."""

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Invisible characters beside those that Unicode calls format characters: fillers, joiners, variation selectors."""


def asked_for(blocked: Iterable[str], settings: GenerationSettings) -> str | None:
    """A blocked word that is to be drawn; None where there is none.

    A negative prompt may contain blocked words, for it says what not to draw, but not with a negative weight.
    """
    prompt, _ = loras.read(settings.prompt)
    opposed = [span for window in prompt_syntax.parse(settings.negative_prompt) for span in window if span.weight < 0]
    heard = [span for window in prompt_syntax.parse(prompt) for span in window]
    texts = (settings.prompt, "".join(span.text for span in heard), " ".join(span.text for span in opposed))
    return blocked_in(blocked, "\n".join(texts))


def blocked_in(blocked: Iterable[str], text: str) -> str | None:
    """A blocked word that stands in `text` as a word of its own; None where there is none.

    A star at its end takes any ending. Case, accents, wide or fancy letters, invisible characters, digits for
    letters and marks between all letters make no difference.
    """
    plain = _plain(text)
    spoken = [each for variant in (plain, plain.translate(_LOOKALIKES)) for each in (variant, _joined(variant))]
    single, others = _sorted(tuple(blocked))
    said = (single[word] for each in spoken for word in _WORD.findall(each) if word in single)
    matched = (word for word, pattern in others.items() if any(pattern.search(each) for each in spoken))
    return next(chain(said, matched), None)


def read(text: str) -> tuple[str, ...]:
    """The words of a typed list, divided by commas or lines, each once, without invisible ones."""
    words = (" ".join(each.split()) for each in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(word for word in words if _plain(word).strip("* ")))


@lru_cache(maxsize=256)
def _sorted(blocked: tuple[str, ...]) -> tuple[dict[str, str], dict[str, re.Pattern[str]]]:
    """Single words by their plain form, and a pattern for each other word, with the words as typed."""
    single = {plain: word for word in blocked if _WORD.fullmatch(plain := _plain(word))}
    return single, {word: re.compile(_pattern(_plain(word))) for word in blocked if word not in single.values()}


def _pattern(word: str) -> str:
    stem = r"[\W_]+".join(map(re.escape, word.removesuffix("*").split()))
    end = "" if word.endswith("*") else f"(?!{_LETTER})"
    return f"(?<!{_LETTER}){stem}{end}"


def _plain(text: str) -> str:
    """The text in lower case, without accents and invisible characters."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = (each for each in decomposed if not unicodedata.combining(each) and unicodedata.category(each) != "Cf")
    return _UNSEEN.sub("", "".join(seen))


def _joined(text: str) -> str:
    """Text whose spelled-out words are joined; an "a" before them may be a word of its own."""
    return _SPELLED.sub(_written, text)


def _written(spelled: re.Match[str]) -> str:
    word = re.sub(r"[\W_]", "", spelled[0])
    return f"{word} {word[1:]}" if word.startswith("a") else word
