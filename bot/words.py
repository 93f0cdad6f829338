"""Blocked words: whole words and phrases, never parts of others ("ass" is not in "grass")."""

import re
import unicodedata
from collections.abc import Iterable

_LOOKALIKES = str.maketrans({"@": "a", "$": "s", "0": "o", "1": "i", "3": "e", "5": "s"})


def first_blocked(blocked: Iterable[str], text: str) -> str | None:
    """The first of `blocked` that stands in `text` as a word of its own; a star at its end takes any ending.

    Case, accents and letters set wide or fancy make no difference, nor do digits in place of letters.
    """
    plain = _plain(text)
    spoken = {plain, plain.translate(_LOOKALIKES)}
    for word in blocked:
        pattern = re.compile(_pattern(_plain(word)))
        if any(pattern.search(each) for each in spoken):
            return word
    return None


def read(text: str) -> tuple[str, ...]:
    """Words as an admin types them: divided by commas or lines, each once."""
    words = (" ".join(each.split()) for each in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(word for word in words if word.strip("*")))


def _pattern(word: str) -> str:
    stem = r"[\W_]+".join(map(re.escape, word.removesuffix("*").split()))
    end = "" if word.endswith("*") else r"(?!\w)"
    return rf"(?<!\w){stem}{end}"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
