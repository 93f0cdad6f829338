"""Words around a prompt: around each term of one that adds several with `AND`, before the weights at their ends."""

import re
from dataclasses import dataclass

from generation.prompts.brackets import pairs

PLACE = "{prompt}"
"""The place of the prompt in the words around it."""

_TOKEN = re.compile(r"\\[\\(){}\[\]<>]|[(){}\[\]<>]|\bAND\b|[^\\(){}\[\]<>A]+|.", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_LORA = re.compile(r"<lora:[^<>]*+>", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*+[+-]?(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*+")


@dataclass(frozen=True, slots=True)
class _Term:
    """A term as typed; its words and LoRAs, and its weight, empty where it has none."""

    typed: str
    words: str
    weight: str = ""

    @property
    def weighs(self) -> bool:
        """False for a term that is subtracted, or counts for nothing: what is around it would, too."""
        return not self.weight or float(self.weight) > 0


def framed(prompt: str, frame: str) -> str:
    """A prompt in a frame, whose `PLACE` it takes; terms without weight, or with one below zero, stay as they are."""
    terms = _terms(prompt)
    if len(terms) == 1:
        return frame.replace(PLACE, terms[0].typed)
    around = _terms(frame)
    return " AND ".join(
        text for each in around for text in (_all_framed(terms, each) if PLACE in each.typed else [each.typed])
    )


def followed(prompt: str, words: str) -> str:
    """A prompt and more words, after a comma."""
    return framed(prompt, f"{PLACE}, {words}")


def framed_words(prompt: str) -> list[str]:
    """The words of each term that words may be put around."""
    terms = _terms(prompt)
    return [each.words for each in terms if each.weighs] if len(terms) > 1 else [prompt]


def _all_framed(terms: list[_Term], frame: _Term) -> list[str]:
    return [_framed(each, frame) if each.weighs else each.typed for each in terms]


def _framed(term: _Term, frame: _Term) -> str:
    if not term.weight:
        return frame.typed.replace(PLACE, term.words)
    weight = f"{float(term.weight) * float(frame.weight):g}" if frame.weight else term.weight
    return f"{frame.words.replace(PLACE, term.words)} :{weight}"


def _terms(text: str) -> list[_Term]:
    """The terms of a sum that say something; one where there is no `AND` outside brackets."""
    if "AND" not in text:
        return [_read(text)]
    tokens = _TOKEN.findall(text)
    closed = pairs(tokens, _CLOSING)
    terms: list[list[str]] = [[]]
    place = 0
    while place < len(tokens):
        end = closed.get(place, place)
        if tokens[place] == "AND":
            terms.append([])
        else:
            terms[-1] += tokens[place : end + 1]
        place = end + 1
    typed = [words for each in terms if (words := "".join(each).strip())]
    return [_read(each) for each in typed or [text]]


def _read(typed: str) -> _Term:
    words, colon, weight = _LORA.sub("", typed).rpartition(":")
    if not colon or not _WEIGHT.fullmatch(weight):
        return _Term(typed, typed)
    return _Term(typed, " ".join([words.strip(), *_LORA.findall(typed)]), weight.strip())
