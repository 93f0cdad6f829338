"""Textual inversion: words of a host's own, each learned as a few vectors that a text encoder hears in its place.

Gal et al., arXiv 2208.01618. Such a word is written into a prompt or a negative prompt as any other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generation.errors import InvalidSetting
from generation.loras import SUFFIX


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """A word of its own, and the file that says what it means."""

    name: str
    file: Path
    models: tuple[str, ...] = ()
    """The models it is for; all that it fits, where none is named."""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidSetting("name", "An embedding is called by its name in a prompt. Give it one.")
        if self.file.suffix != SUFFIX:
            raise InvalidSetting("file", f"Embeddings are read from {SUFFIX} files only: others could run code.")


class Embeddings:
    """The words of a host's own."""

    def __init__(self, specs: Iterable[EmbeddingSpec] = ()) -> None:
        self._specs = {spec.name.lower(): spec for spec in specs}

    def __iter__(self) -> Iterator[EmbeddingSpec]:
        return iter(self._specs.values())

    def of(self, model: str) -> list[EmbeddingSpec]:
        """Those that are for a model, if they fit it."""
        return [spec for spec in self if not spec.models or model in spec.models]
