"""Blocked words: whole words and phrases, never parts of others ("ass" is not in "grass")."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

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

_LIGATURES = re.compile("[\ufdfa\ufdfb]")
"""Two signs that stand for whole sentences of 18 and 8 letters: a prompt of them would be that many times as long."""

_Phrase = tuple[str, ...]


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
    listed = _listed(tuple(blocked))
    found = (word for each in dict.fromkeys(spoken) for word in listed.in_text(each))
    return next(found, None)


def read(text: str) -> tuple[str, ...]:
    """The words of a typed list, divided by commas or lines, each once, without invisible ones."""
    words = (" ".join(each.split()) for each in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(word for word in words if _plain(word).strip("* ")))


class _Listed:
    """A list of blocked words, which finds them in a text in one walk, however many they are.

    Words and phrases of letters are looked up among the words of the text, by their number and by the length of an
    open ending. Only the others, such as "c++", have a pattern each.
    """

    def __init__(self, blocked: Iterable[str]) -> None:
        self._whole: dict[int, dict[_Phrase, str]] = defaultdict(dict)
        """Phrases as typed, by their words; these by how many words they have."""
        self._open: dict[tuple[int, int], dict[_Phrase, str]] = defaultdict(dict)
        """Those that end in a star, by how many words they have and by the length of the last one."""
        self._odd: dict[str, re.Pattern[str]] = {}
        for word in blocked:
            stem, star = (plain := _plain(word)).removesuffix("*"), plain.endswith("*")
            phrase = tuple(stem.split())
            if not phrase or not all(map(_WORD.fullmatch, phrase)) or (star and stem[-1:].isspace()):
                self._odd[word] = re.compile(_pattern(plain))
            elif star:
                self._open[len(phrase), len(phrase[-1])][phrase] = word
            else:
                self._whole[len(phrase)][phrase] = word

    def in_text(self, text: str) -> Iterator[str]:
        words = _WORD.findall(text)
        phrases = {size: _phrases(words, size) for size in {*self._whole, *(size for size, _ in self._open)}}
        for size, listed in self._whole.items():
            yield from (listed[phrase] for phrase in phrases[size] & listed.keys())
        for (size, length), listed in self._open.items():
            cut = {(*phrase[:-1], phrase[-1][:length]) for phrase in phrases[size]}
            yield from (listed[phrase] for phrase in cut & listed.keys())
        yield from (word for word, pattern in self._odd.items() if pattern.search(text))


def _phrases(words: Sequence[str], size: int) -> set[_Phrase]:
    """Each `size` words that follow each other."""
    return set(zip(*(words[start:] for start in range(size)), strict=False))


@lru_cache(maxsize=256)
def _listed(blocked: tuple[str, ...]) -> _Listed:
    return _Listed(blocked)


def _pattern(word: str) -> str:
    stem = r"[\W_]+".join(map(re.escape, word.removesuffix("*").split()))
    end = "" if word.endswith("*") else f"(?!{_LETTER})"
    return f"(?<!{_LETTER}){stem}{end}"


def _plain(text: str) -> str:
    """The text in lower case, without accents and invisible characters."""
    text = _LIGATURES.sub(" ", text)
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    unseen = [each for each in set(decomposed) if unicodedata.combining(each) or unicodedata.category(each) == "Cf"]
    return _UNSEEN.sub("", decomposed.translate(dict.fromkeys(map(ord, unseen))))


def _joined(text: str) -> str:
    """Text whose spelled-out words are joined; an "a" before them may be a word of its own."""
    return _SPELLED.sub(_written, text)


def _written(spelled: re.Match[str]) -> str:
    word = re.sub(r"[\W_]", "", spelled[0])
    return f"{word} {word[1:]}" if word.startswith("a") else word
