"""Where in a network the changes of a LoRA file belong."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from generation.engine.conditioning import lora_names
from generation.engine.conditioning.lora_changes import Change, Swapped
from generation.engine.conditioning.lora_files import LoraFile
from generation.engine.conditioning.lora_kinds import BIAS, WEIGHT
from generation.engine.conditioning.lora_layer import shape_of
from generation.errors import LoraUnavailable

Weights = tuple[str, str]
"""A layer of a network, and which of its parameters: `WEIGHT` or `BIAS`."""


class LoraFit:
    """The layers of a network, and what files change in them. `part` is the network's name in messages."""

    def __init__(self, part: str, network: Any) -> None:
        self._part = part
        self._network = network

    @cached_property
    def places(self) -> dict[str, lora_names.Place]:
        """The network's layers by the names that files use."""
        return lora_names.places_in(self._part, self._network)

    def changes(self, path: Path, file: LoraFile) -> dict[Weights, Change]:
        """What the file at `path` changes. Where it names a layer alone and within several in one, the former counts.

        Raises `LoraUnavailable` where it doesn't fit.
        """
        given = file.parts.get(self._part, {})
        if unknown := next((name for name in given if name not in self.places), None):
            raise LoraUnavailable(f"{path} does not fit {self._part}, which has no {unknown}")
        found: dict[Weights, Change] = {}
        for name in sorted(given, key=lambda each: len(self.places[each].layers), reverse=True):
            for kind, change in given[name].items():
                for layer, own in self._in_layers(path, self.places[name], kind, change):
                    found[layer, kind] = own
        return found

    def shape(self, layer: str, kind: str) -> torch.Size:
        """The shape of a layer's weights or bias. Raises `ValueError` where it has no bias."""
        module = self._network.get_submodule(layer)
        if kind == WEIGHT:
            return shape_of(module)
        if getattr(module, BIAS, None) is None:
            raise ValueError("it has no bias")
        shape: torch.Size = module.bias.shape
        return shape

    def _in_layers(
        self, path: Path, place: lora_names.Place, kind: str, change: Change
    ) -> Iterator[tuple[str, Change]]:
        """The change of each layer of a place, by the rows that are the layer's own."""
        rows = [self.shape(layer, WEIGHT)[0] for layer in place.layers]
        start = 0
        for layer, size in zip(place.layers, rows, strict=True):
            try:
                own = change if len(rows) == 1 else change.rows(start, start + size, sum(rows))
                own = Swapped(own) if place.is_swapped else own
                own.over(torch.empty(self.shape(layer, kind), device="meta"))
            except (ValueError, RuntimeError) as reason:
                raise LoraUnavailable(f"{path} does not fit {self._part}: {layer}: {reason}") from reason
            yield layer, own
            start += size
