"""Keeps the embeddings of prompts that come again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Anything that is kept."""

    @property
    def nbytes(self) -> int:
        """The bytes that it takes."""


Kept = TypeVar("Kept", bound=Sized)


class EmbeddingCache(Generic[Kept]):
    """Embeddings of earlier prompts, at most `most` bytes; the least recently used leave first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._embedded: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable, embed: Callable[[], Kept]) -> Kept:
        """What is kept for `key`, or else something new from `embed`."""
        if key in self._embedded:
            self._embedded.move_to_end(key)
            return self._embedded[key]
        made = embed()
        if made.nbytes <= self._most:
            self._embedded[key] = made
        while sum(each.nbytes for each in self._embedded.values()) > self._most:
            self._embedded.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        self._embedded.clear()
