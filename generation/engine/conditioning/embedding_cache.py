"""Keeps the embeddings of prompts that come again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from generation.engine.conditioning.rows import Row

AnyRow = TypeVar("AnyRow", bound=Row)


class EmbeddingCache(Generic[AnyRow]):
    """Embeddings of earlier prompts, at most `most` bytes; the least recently used leave first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._embedded: OrderedDict[Hashable, AnyRow] = OrderedDict()

    def get(self, key: Hashable, embed: Callable[[], AnyRow]) -> AnyRow:
        """The kept row for `key`, or else a new one from `embed`."""
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
