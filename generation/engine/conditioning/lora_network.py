"""One network with LoRAs applied to it.

The weights of a small network are merged: merged weights are kept beside the network's own, and a layer points to one
or the other, so that a forward with LoRAs costs no more than one without. In a large network, and where weights are
quantised or streamed in, the changes are computed beside each layer in every forward, from their small factors; no
second copy of the weights is made. Either way a forward without LoRAs stays the same to the last bit.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from generation.engine.conditioning.lora_beside import Beside
from generation.engine.conditioning.lora_changes import Change
from generation.engine.conditioning.lora_files import LoraFile
from generation.engine.conditioning.lora_fit import LoraFit, Weights
from generation.engine.conditioning.lora_kinds import BIAS, WEIGHT
from generation.engine.conditioning.lora_layer import Layer, is_linear, is_plain
from generation.errors import LoraUnavailable

MERGED_BYTES = 2 * 2**30
"""Changed weights that take more than this are not merged, and merged weights that are kept for later take no more."""

SMALL_BYTES = 2**20
"""Weights as small as this, of norms and biases, are merged in large networks too."""

Strengths = tuple[tuple[Path, float], ...]
"""LoRA files, each with its scale."""

_Scaled = tuple[Change, float]
"""A change and its scale."""

_STREAMING = ("_diffusers_hook", "_hf_hook")
"""Marks of diffusers and accelerate on modules whose weights they move or convert between forwards."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is needed to apply LoRAs."""

    merged: dict[Weights, torch.Tensor] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        merged = sum(each.nbytes for each in self.merged.values())
        return merged + sum(each.nbytes for each in self.beside.values())


class LoraNetwork:
    """A network, on `device`, that computes in `dtype`. `read` gives the changes of a file."""

    def __init__(
        self, part: str, network: Any, read: Callable[[Path], LoraFile], device: torch.device, dtype: torch.dtype
    ) -> None:
        self._part = part
        self._network = network
        self._read = read
        self._device = device
        self._dtype = dtype
        self.fit = LoraFit(part, network)
        self._own: dict[Weights, torch.Tensor] = {}
        """The network's own weights, where merged ones are applied."""
        self._beside: dict[str, Beside] = {}
        self._applied: Strengths = ()
        self._ready: OrderedDict[Strengths, _Ready] = OrderedDict()

    def prepare(self, strengths: Strengths) -> None:
        """Merge LoRAs, or bring their factors to the device. Raises `LoraUnavailable`."""
        if strengths and strengths not in self._ready:
            self._ready[strengths] = self._made(strengths)
            self._make_room()

    def apply(self, strengths: Strengths) -> None:
        """Apply these LoRAs and no others. Raises `LoraUnavailable`."""
        if strengths == self._applied:
            return
        self.prepare(strengths)
        self._restore()
        if strengths:
            self._ready.move_to_end(strengths)
            ready = self._ready[strengths]
            for (name, kind), merged in ready.merged.items():
                parameter = getattr(self._network.get_submodule(name), kind)
                self._own[name, kind], parameter.data = parameter.data, merged
            for name, beside in ready.beside.items():
                beside.begin()
                self._beside[name] = beside
        self._applied = strengths

    def forget_idle(self) -> None:
        """Free what isn't applied."""
        for strengths in [each for each in self._ready if each != self._applied]:
            del self._ready[strengths]

    def _restore(self) -> None:
        for (name, kind), own in self._own.items():
            getattr(self._network.get_submodule(name), kind).data = own
        for beside in self._beside.values():
            beside.end()
        self._own, self._beside, self._applied = {}, {}, ()

    def _made(self, strengths: Strengths) -> _Ready:
        changes: dict[Weights, list[_Scaled]] = defaultdict(list)
        for path, scale in strengths:
            for weights, change in self.fit.changes(path, self._read(path)).items():
                changes[weights].append((change, scale))
        merging = self._merging(changes)
        left = {weights: of_weights for weights, of_weights in changes.items() if weights not in merging}
        layers = dict.fromkeys(layer for layer, _ in left)
        return _Ready(
            {weights: self._merged(weights, changes[weights]) for weights in merging},
            {layer: self._computed_beside(layer, left) for layer in layers},
        )

    def _merging(self, changes: Collection[Weights]) -> list[Weights]:
        """Which of the changed weights are merged. Those of compiled networks are, since these would be compiled anew
        for each set of LoRAs beside their layers, which is done only so often."""
        modules = list(self._network.modules())
        if any(hasattr(each, mark) for each in modules for mark in _STREAMING):
            return []
        plain = {weights: own for weights in changes if is_plain(own := self._weight(weights))}
        is_compiled = any(each._compiled_call_impl is not None for each in modules)
        is_large = not is_compiled and sum(each.nbytes for each in plain.values()) > MERGED_BYTES
        return [weights for weights, own in plain.items() if not is_large or own.nbytes <= SMALL_BYTES]

    def _merged(self, weights: Weights, changes: list[_Scaled]) -> torch.Tensor:
        """Merged weights, summed in float32 and rounded to their number format."""
        own = self._weight(weights)
        total = own.float()
        for change, scale in changes:
            total = total.add(change.over(own), alpha=scale)
        return total.to(own.dtype)

    def _computed_beside(self, name: str, changes: Mapping[Weights, list[_Scaled]]) -> Beside:
        """The changes of one layer."""
        module = self._network.get_submodule(name)
        if not (is_linear(module) or isinstance(module, torch.nn.Conv2d)):
            raise LoraUnavailable(f"{self._part}: {name} can't be changed in a model that is streamed in")
        applied = self._beside.get(name)
        layer = Layer(module, applied.layer.forward if applied else module.forward, self._dtype)
        ready = [(change.prepared(layer, self._device), scale) for change, scale in changes.get((name, WEIGHT), ())]
        bias = None
        for change, scale in changes.get((name, BIAS), ()):
            bias = (0 if bias is None else bias) + scale * change.over(module.bias.detach().to(self._device))
        return Beside(layer, ready, bias)

    def _weight(self, weights: Weights) -> torch.Tensor:
        """The network's own weights, whatever is applied."""
        name, kind = weights
        own = self._own.get(weights)
        return getattr(self._network.get_submodule(name), kind).data if own is None else own

    def _make_room(self) -> None:
        """Drop what was used longest ago, except what is applied and the newest."""
        forgettable = [strengths for strengths in list(self._ready)[:-1] if strengths != self._applied]
        while forgettable and sum(each.nbytes for each in self._ready.values()) > MERGED_BYTES:
            del self._ready[forgettable.pop(0)]
