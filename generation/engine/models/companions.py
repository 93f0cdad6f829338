"""What completes a file that holds a transformer alone: the other networks, tokenizers, scheduler, configurations."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from generation import model_faults, sources
from generation.catalogue import ModelSpec
from generation.engine.models import autoencoder_file, text_encoder_files
from generation.engine.runtime import hub
from generation.transformer_names import Transformer, transformer_of
from generation.weights import head_of

TRANSFORMER, VAE = "transformer", "vae"

_ENCODERS_INSIDE = "text_encoders."
"""The prefix of text encoders that are in the same file, as `text_encoders.t5xxl.transformer.`"""

Report = Callable[[float], None]


@dataclass(frozen=True)
class Companions:
    """Where the parts beside a transformer come from."""

    folder: Path
    """In diffusers' format: it has the configurations and tokenizers, and the networks that aren't elsewhere."""
    encoders: Mapping[str, Path] = field(default_factory=dict)
    """Files or folders of text encoders, by part."""
    inside: Mapping[str, str] = field(default_factory=dict)
    """The prefixes of the parts that are in the transformer's own file."""
    vae: bool = False
    """True where the model's spec names another VAE."""

    @classmethod
    def of(cls, spec: ModelSpec, weights: Path, report: Report | None = None) -> Self | None:
        """Those of a model, downloaded where needed with `report`; None for one that is not a transformer in a file.

        Raises `OSError`, or `ValueError` with what to set where something is missing.
        """
        if not weights.is_file():
            return None
        head = head_of(weights)
        transformer = transformer_of(head)
        if transformer is None:
            return None
        source = spec.base or spec.config
        if not source:
            raise ValueError(_alone(transformer))
        folder = _known(source, hub.around, report and (lambda share: None))
        parts = _networks(folder, source)
        inside = dict(_inside(head, folder, parts))
        named = [Path(each).expanduser() for each in spec.text_encoders]
        free = [part for part in parts if part.startswith("text_encoder") and part not in inside]
        found = cls(folder, text_encoder_files.placed(named, folder, free), inside, bool(spec.vae))
        left = [part for part in parts if part not in found.elsewhere]
        if left and not spec.base:
            raise ValueError(_alone(transformer, f"text_encoders and vae to its {' and '.join(left)}, or "))
        if left:
            _known(source, lambda each, told: hub.parts(each, left, told), report)
        return found

    @property
    def elsewhere(self) -> set[str]:
        """The parts that are not read from the folder."""
        return {TRANSFORMER, *self.encoders, *self.inside, *([VAE] if self.vae else [])}

    @property
    def files(self) -> dict[str, list[Path]]:
        """The files of text encoders that are not read from the folder, by part."""
        return {part: text_encoder_files.files_of(each) for part, each in self.encoders.items()}


def _known(source: str, fetch: Callable[[str, Report | None], Path], report: Report | None) -> Path:
    """The folder of a base. Raises `ValueError` where there is none of this name."""
    local = Path(source).expanduser()
    if not local.is_dir() and ("/" not in source or sources.is_single_file(source) or local.is_absolute()):
        raise ValueError(f"base: there is no model in diffusers' format called {source}; name a folder or a hub id")
    return fetch(source, report)


def _networks(folder: Path, source: str) -> list[str]:
    """The parts of a pipeline that have weights. Raises `ValueError` where it has no transformer."""
    if not (folder / sources.INDEX).is_file():
        raise ValueError(f"base: {source} is not in diffusers' format: it has no {sources.INDEX}")
    index: dict[str, Any] = json.loads((folder / sources.INDEX).read_text())
    parts = [
        name
        for name, value in index.items()
        if isinstance(value, list) and value != [None, None] and name.startswith(("text_encoder", TRANSFORMER, VAE))
    ]
    if TRANSFORMER not in parts:
        raise ValueError(f"base: {source} is a {index['_class_name']}, which has no transformer; name another")
    return parts


def _inside(head: Mapping[str, Any], folder: Path, parts: list[str]) -> Iterator[tuple[str, str]]:
    """The networks beside the transformer in its file, each with its prefix."""
    prefixes = {".".join(name.split(".")[:3]) + "." for name in head if name.startswith(_ENCODERS_INSIDE)}
    for prefix in sorted(prefixes):
        shape = text_encoder_files.shape_of_tensors(
            {name.removeprefix(prefix): each for name, each in head.items() if name.startswith(prefix)}
        )
        for part in parts:
            if part.startswith("text_encoder") and text_encoder_files.shape_in(folder / part) == shape:
                yield part, prefix
                break
    for prefix in autoencoder_file.PREFIXES:
        if f"{prefix}decoder.conv_in.weight" in head:
            yield VAE, prefix


def _alone(transformer: Transformer, or_else: str = "") -> str:
    return model_faults.alone(transformer.pipeline, transformer.base, or_else)
