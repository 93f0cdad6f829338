"""Pairs of brackets."""

from collections.abc import Mapping, Sequence


def pairs(tokens: Sequence[str], closing: Mapping[str, str], weak: str = "") -> dict[int, int]:
    """The places of opening brackets that are closed, each with that of its closing one.

    A closing bracket closes the last open one of its kind; those opened since are plain text. A `weak` one closes
    nothing across another bracket.
    """
    opening = {close: start for start, close in closing.items()}
    waiting = dict.fromkeys(closing, 0)
    places: list[int] = []
    found: dict[int, int] = {}
    for place, token in enumerate(tokens):
        if token in closing:
            places.append(place)
            waiting[token] += 1
        elif (own := opening.get(token)) and waiting[own]:
            if token in weak and tokens[places[-1]] != own:
                continue
            while tokens[start := places.pop()] != own:
                waiting[tokens[start]] -= 1
            waiting[own] -= 1
            found[start] = place
    return found
