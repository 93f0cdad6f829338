"""LoRAs put over a model's weights and taken off again.

The changed weights are kept beside the model's own, and a layer is handed one or the other. Merging costs once what a
small forward takes; from then on the switch between two forwards is one of pointers, a forward with LoRAs costs no more
than one without, and what the model draws without them is the same to the last bit.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from generation.engine.conditioning import lora_files
from generation.errors import LoraUnavailable
from generation.loras import Loras, LoraSet

KEPT_BYTES = 2 * 2**30
"""Merged weights of one network that are kept for the next forward with them, beside those at work."""

FILES = 4
"""LoRA files that are kept in memory, for the next strength that is asked of them."""

Strengths = tuple[tuple[Path, float], ...]
"""LoRA files, each with how much of it is added."""

_Weights = dict[str, torch.Tensor]

_Change = tuple[Path, lora_files.LowRank, float]
"""What a file adds to a layer, and how much of it."""


class LoraAdapters:
    """What a model can wear: LoRAs over its UNet and over its text encoders, each apart from the others."""

    def __init__(self, model: str, networks: Mapping[str, Any], loras: Loras) -> None:
        self._model = model
        self._loras = loras
        read = lru_cache(maxsize=FILES)(lora_files.read)
        self._networks = {part: _Network(part, network, read) for part, network in networks.items()}

    def wear_to_listen(self, loras: LoraSet) -> None:
        """Put `loras` and no others over the text encoders, and merge what the UNet is to wear.

        Raises `LoraUnavailable` unless all networks can wear all of them.
        """
        for each in loras:
            file = self._file(each.name)
            if not any(network.is_changed_by(file) for network in self._networks.values()):
                raise LoraUnavailable(f"{file} changes nothing in {self._model}")
        for part, network in self._networks.items():
            if part == lora_files.UNET:
                network.prepare(self._strengths(part, loras))
            else:
                network.wear(self._strengths(part, loras))

    def wear_to_predict(self, loras: LoraSet) -> None:
        """Put `loras` and no others over the UNet. Raises `LoraUnavailable`."""
        self._networks[lora_files.UNET].wear(self._strengths(lora_files.UNET, loras))

    def forget_idle(self) -> None:
        """Free the memory of what is not worn at present."""
        for network in self._networks.values():
            network.forget_idle()

    def hashes(self, loras: LoraSet) -> dict[str, str]:
        """Of each file, by its LoRA's name."""
        return {each.name: lora_files.hash_of(self._file(each.name)) for each in loras}

    def _file(self, name: str) -> Path:
        return self._loras.get(name, self._model).file

    def _strengths(self, part: str, loras: LoraSet) -> Strengths:
        scales = {each.name: each.scale if part == lora_files.UNET else each.text_scale for each in loras}
        return tuple((self._file(name), scale) for name, scale in scales.items() if scale)


class _Network:
    """The weights of one network, its own and those with LoRAs."""

    def __init__(self, part: str, network: Any, read: Callable[[Path], lora_files.LoraFile]) -> None:
        self._part = part
        self._network = network
        self._read = read
        self._own: _Weights = {}
        """The network's own weights of the layers that are changed at present."""
        self._worn: Strengths = ()
        self._merged: OrderedDict[Strengths, _Weights] = OrderedDict()

    @cached_property
    def _layers(self) -> dict[str, str]:
        return lora_files.layers_of(self._part, self._network)

    def is_changed_by(self, file: Path) -> bool:
        return bool(self._read(file).parts.get(self._part))

    def prepare(self, strengths: Strengths) -> None:
        if strengths and strengths not in self._merged:
            self._merged[strengths] = self._merge(strengths)
            self._make_room()

    def wear(self, strengths: Strengths) -> None:
        if strengths == self._worn:
            return
        self.prepare(strengths)
        self._take_off()
        if strengths:
            self._merged.move_to_end(strengths)
            for name, merged in self._merged[strengths].items():
                layer = self._network.get_submodule(name)
                self._own[name], layer.weight.data = layer.weight.data, merged
        self._worn = strengths

    def forget_idle(self) -> None:
        for strengths in [each for each in self._merged if each != self._worn]:
            del self._merged[strengths]

    def _take_off(self) -> None:
        for name, own in self._own.items():
            self._network.get_submodule(name).weight.data = own
        self._own, self._worn = {}, ()

    def _merge(self, strengths: Strengths) -> _Weights:
        """The weights of all layers that are changed."""
        changes: dict[str, list[_Change]] = defaultdict(list)
        for file, scale in strengths:
            for key, low_rank in self._read(file).parts.get(self._part, {}).items():
                if key not in self._layers:
                    raise LoraUnavailable(f"{file} does not fit {self._part}, which has no {key}")
                changes[self._layers[key]].append((file, low_rank, scale))
        return {name: self._changed(name, of_layer) for name, of_layer in changes.items()}

    def _changed(self, name: str, changes: list[_Change]) -> torch.Tensor:
        """One layer's weights with what is added to them; the sum is taken in float32."""
        own = self._weight(name)
        total = own.float()
        for file, low_rank, scale in changes:
            try:
                total = total.add(low_rank.over(own), alpha=scale)
            except ValueError as reason:
                raise LoraUnavailable(f"{file} does not fit {self._part}: {name}: {reason}") from reason
        return total.to(own.dtype)

    def _weight(self, name: str) -> torch.Tensor:
        own = self._own.get(name)
        return self._network.get_submodule(name).weight.data if own is None else own

    def _make_room(self) -> None:
        """Forget what was worn longest ago, but for what is worn now and what comes next."""
        forgettable = [strengths for strengths in list(self._merged)[:-1] if strengths != self._worn]
        while forgettable and sum(map(_bytes, self._merged.values())) > KEPT_BYTES:
            del self._merged[forgettable.pop(0)]


def _bytes(weights: _Weights) -> int:
    return sum(weight.nbytes for weight in weights.values())
