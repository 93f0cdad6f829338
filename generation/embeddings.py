"""Textual inversion (Gal et al., arXiv 2208.01618): words that stand for a few learned token embeddings.

They are written in prompts and negative prompts like any other word.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generation import names
from generation.errors import InvalidSetting
from generation.loras import SUFFIX


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """A word and the file of its embeddings."""

    name: str
    file: Path
    models: tuple[str, ...] = ()
    """The models it is for. If empty, all models that it fits."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", names.normal(self.name))
        object.__setattr__(self, "models", tuple(map(names.normal, self.models)))
        names.check_visible(self.name)
        if self.file.suffix != SUFFIX:
            raise InvalidSetting("file", f"An embedding must be a {SUFFIX} file: other formats can run code.")


class Embeddings:
    """The embeddings of a host."""

    def __init__(self, specs: Iterable[EmbeddingSpec] = ()) -> None:
        self._specs = {names.key(spec.name): spec for spec in specs}

    def __iter__(self) -> Iterator[EmbeddingSpec]:
        return iter(self._specs.values())

    def of(self, model: str) -> list[EmbeddingSpec]:
        """The embeddings for a model. They may still not fit it."""
        return [spec for spec in self if not spec.models or model in spec.models]
