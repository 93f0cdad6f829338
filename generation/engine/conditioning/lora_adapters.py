"""LoRAs merged into a model's weights, and the model's own weights put back.

Hu et al., arXiv 2106.09685. Merged weights are kept beside the model's own, and a layer points to one or the other.
Merging takes about as long as a small forward; after that, switching swaps pointers, a forward with LoRAs costs no more
than one without, and pictures without LoRAs stay the same to the last bit.
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
"""How many bytes of merged weights a network keeps for later, beside those applied now."""

FILES = 4
"""How many LoRA files stay in memory, to be merged at other strengths."""

Strengths = tuple[tuple[Path, float], ...]
"""LoRA files, each with its scale."""

_Weights = dict[str, torch.Tensor]

_Change = tuple[Path, lora_files.LowRank, float]
"""A file, its low-rank change of one layer, and its scale."""


class LoraAdapters:
    """Applies LoRAs to the denoising network (`lora_files.UNET`, also where it is a transformer) and the text encoders
    of one model, each network on its own."""

    def __init__(
        self,
        model: str,
        networks: Mapping[str, Any],
        loras: Loras,
        read: Callable[[Path], lora_files.LoraFile] = lora_files.read,
    ) -> None:
        self._model = model
        self._loras = loras
        read = lru_cache(maxsize=FILES)(read)
        self._networks = {part: _Network(part, network, read) for part, network in networks.items()}

    def apply_to_text_encoders(self, loras: LoraSet) -> None:
        """Apply `loras` and no others to the text encoders, and merge them for the UNet.

        Raises `LoraUnavailable` where a file fits none of the networks, or not all of a network's layers.
        """
        for each in loras:
            file = self._file(each.name)
            if not any(network.is_changed_by(file) for network in self._networks.values()):
                raise LoraUnavailable(f"{file} changes nothing in {self._model}")
        for part, network in self._networks.items():
            if part == lora_files.UNET:
                network.prepare(self._strengths(part, loras))
            else:
                network.apply(self._strengths(part, loras))

    def apply_to_unet(self, loras: LoraSet) -> None:
        """Apply `loras` and no others to the UNet. Raises `LoraUnavailable`."""
        self._networks[lora_files.UNET].apply(self._strengths(lora_files.UNET, loras))

    def forget_idle(self) -> None:
        """Free the merged weights that aren't applied."""
        for network in self._networks.values():
            network.forget_idle()

    def hashes(self, loras: LoraSet) -> dict[str, str]:
        """The hash of each LoRA's file, by the LoRA's name."""
        return {each.name: lora_files.hash_of(self._file(each.name)) for each in loras}

    def _file(self, name: str) -> Path:
        return self._loras.get(name, self._model).file

    def _strengths(self, part: str, loras: LoraSet) -> Strengths:
        scales = {each.name: each.scale if part == lora_files.UNET else each.text_scale for each in loras}
        return tuple((self._file(name), scale) for name, scale in scales.items() if scale)


class _Network:
    """The weights of one network: its own, and those with LoRAs merged in."""

    def __init__(self, part: str, network: Any, read: Callable[[Path], lora_files.LoraFile]) -> None:
        self._part = part
        self._network = network
        self._read = read
        self._own: _Weights = {}
        """The network's own weights of the layers that LoRAs are applied to."""
        self._applied: Strengths = ()
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

    def apply(self, strengths: Strengths) -> None:
        if strengths == self._applied:
            return
        self.prepare(strengths)
        self._restore()
        if strengths:
            self._merged.move_to_end(strengths)
            for name, merged in self._merged[strengths].items():
                layer = self._network.get_submodule(name)
                self._own[name], layer.weight.data = layer.weight.data, merged
        self._applied = strengths

    def forget_idle(self) -> None:
        for strengths in [each for each in self._merged if each != self._applied]:
            del self._merged[strengths]

    def _restore(self) -> None:
        for name, own in self._own.items():
            self._network.get_submodule(name).weight.data = own
        self._own, self._applied = {}, ()

    def _merge(self, strengths: Strengths) -> _Weights:
        """The merged weights of every layer that the files change, by the layer's name."""
        changes: dict[str, list[_Change]] = defaultdict(list)
        for file, scale in strengths:
            for key, low_rank in self._read(file).parts.get(self._part, {}).items():
                if key not in self._layers:
                    raise LoraUnavailable(f"{file} does not fit {self._part}, which has no {key}")
                changes[self._layers[key]].append((file, low_rank, scale))
        return {name: self._changed(name, of_layer) for name, of_layer in changes.items()}

    def _changed(self, name: str, changes: list[_Change]) -> torch.Tensor:
        """One layer's merged weights, summed in float32 and rounded to the layer's dtype."""
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
        """Drop the merged weights used longest ago, except those applied and the newest."""
        forgettable = [strengths for strengths in list(self._merged)[:-1] if strengths != self._applied]
        while forgettable and sum(map(_bytes, self._merged.values())) > KEPT_BYTES:
            del self._merged[forgettable.pop(0)]


def _bytes(weights: _Weights) -> int:
    return sum(weight.nbytes for weight in weights.values())
