"""Blocked words: whole words and phrases, never parts of others ("ass" is not in "grass")."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.policy.spelling import alternatives, latin, plain, readings, without_syntax
from bot.policy.split_words import LETTER, SplitWords
from generation import loras, prompt_syntax
from generation.prompts import said
from generation.settings import GenerationSettings

_WORD = re.compile(f"{LETTER}+")

_Phrase = tuple[str, ...]


def asked_for(blocked: Iterable[str], settings: GenerationSettings) -> str | None:
    """A blocked word that is to be drawn; None where there is none.

    A negative prompt may contain blocked words, for it says what not to draw, but not with a negative weight.
    """
    blocked = tuple(blocked)
    return next(filter(None, (blocked_in(blocked, text) for text in _drawn(settings))), None)


def person_asked_for(names: Iterable[str], settings: GenerationSettings) -> str | None:
    """A blocked person whom a request names, with the family name first or last, or in one word; None for none."""
    alternatives = _alternatives(tuple(names))
    found = asked_for(alternatives, settings)
    return None if found is None else alternatives[found]


def blocked_in(blocked: Iterable[str], text: str) -> str | None:
    """A blocked word that stands in `text` as a word of its own; None where there is none.

    A star at its end takes any ending. Case, accents, wide, fancy and look-alike letters, invisible characters, digits
    for letters, and marks or spaces between letters make no difference, as far as `SplitWords` finds them.
    """
    if not (words := tuple(blocked)):
        return None
    listed = _listed(words)
    return next((word for each in readings(text) for word in listed.in_text(each)), None)


def read(text: str) -> tuple[str, ...]:
    """The words of a typed list, divided by commas or lines, each once, without invisible ones."""
    words = (" ".join(each.split()) for each in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(word for word in words if plain(word).strip("* ")))


def _drawn(settings: GenerationSettings) -> Iterable[str]:
    """All that is to be drawn, as typed, as the model reads it, and without any syntax."""
    prompt, _ = loras.read(settings.prompt)
    opposed = [span for window in prompt_syntax.parse(settings.negative_prompt) for span in window]
    heard = [
        "".join(span.text for window in prompt_syntax.parse(text) for span in window)
        for text in sorted(said.texts(prompt, settings.steps))
    ]
    unwanted = "".join(span.text if span.weight < 0 else "\n" for span in opposed)
    return dict.fromkeys((settings.prompt, *heard, without_syntax(prompt), *alternatives(prompt), unwanted))


@lru_cache(maxsize=256)
def _alternatives(names: tuple[str, ...]) -> Mapping[str, str]:
    """Names by every way to write them."""
    found: dict[str, str] = {}
    for name in names:
        words = name.split()
        for first in range(len(words)):  # a family name may have any number of words
            written = (*words[first:], *words[:first])
            found |= {" ".join(written): name, "".join(written): name}
    return found


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
        self._odd: dict[str, tuple[str, re.Pattern[str]]] = {}
        """Those that are not of letters alone, and their patterns."""
        self._split = SplitWords()
        for word in blocked:
            for form in {plain(word), latin(word)}:
                self._add(word, form)

    def _add(self, word: str, form: str) -> None:
        stem, star = form.removesuffix("*"), form.endswith("*")
        phrase = tuple(stem.split())
        if not phrase or not all(map(_WORD.fullmatch, phrase)) or (star and stem[-1:].isspace()):
            self._odd[form] = (word, re.compile(_pattern(form)))
            return
        self._split.add("".join(phrase), word, is_open=star)
        if star:
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
        yield from self._split.in_text(text)
        yield from (word for word, pattern in self._odd.values() if pattern.search(text))


def _phrases(words: Sequence[str], size: int) -> set[_Phrase]:
    """Each `size` words that follow each other."""
    return set(zip(*(words[start:] for start in range(size)), strict=False))


@lru_cache(maxsize=256)
def _listed(blocked: tuple[str, ...]) -> _Listed:
    return _Listed(blocked)


def _pattern(word: str) -> str:
    stem = r"[\W_]+".join(map(re.escape, word.removesuffix("*").split()))
    end = "" if word.endswith("*") else f"(?!{LETTER})"
    return f"(?<!{LETTER}){stem}{end}"
