"""Changes of one layer's weights, by the formulas of their authors.

Low rank: Hu et al., arXiv 2106.09685. LoHa, LoKr, IA3 and full differences: LyCORIS, Yeh et al., arXiv 2309.14859.
DoRA: Liu et al., arXiv 2402.09353. At another strength than 1, that share of the whole change is added.

A change is merged into the weights, or computed beside a layer whose weights can't or shall not be touched: quantised
ones, ones that are streamed in, and those of large networks.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Self

import torch

from generation.engine.conditioning.lora_layer import Layer


@dataclass(frozen=True, eq=False)
class Change(ABC):
    """The change of one layer's weights or bias."""

    @abstractmethod
    def over(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of `weight`, in its shape and on its device, in float32. Raises `ValueError` or `RuntimeError`
        where the shapes don't fit."""

    @property
    def depends_on_weight(self) -> bool:
        """True where the change is another for other weights of one shape."""
        return False

    def rows(self, start: int, stop: int, total: int) -> "Change":
        """The change of some rows, where this is one of `total` rows."""
        return Rows(self, start, stop, total)

    def beside(self, layer: Layer, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        """What the change adds to a layer's own `output` for what it was `given`."""
        nothing = torch.zeros((), device=given.device).expand(layer.shape)
        weight = layer.weight(given.device) if self.depends_on_weight else nothing
        return layer.times(given, self.over(weight).to(given.dtype))

    def prepared(self, layer: Layer, device: torch.device) -> "Change":
        """This change, ready to be computed beside a layer on a device."""
        return self.to(device)

    def to(self, device: torch.device, dtype: torch.dtype | None = None) -> Self:
        """The same with its tensors there."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {name: each for name, each in values.items() if isinstance(each, torch.Tensor | Change)}
        return replace(self, **{name: each.to(device, dtype) for name, each in moved.items()})

    @property
    def nbytes(self) -> int:
        """Bytes of its tensors."""
        values = [getattr(self, field.name) for field in fields(self)]
        return sum(each.nbytes for each in values if isinstance(each, torch.Tensor | Change))


@dataclass(frozen=True, eq=False)
class LowRank(Change):
    """`alpha` / rank * `up` @ `down`; with `mid`, a Tucker decomposition of a convolution."""

    down: torch.Tensor
    up: torch.Tensor
    mid: torch.Tensor | None = None
    alpha: float | None = None

    @property
    def scale(self) -> float:
        """The factor of the product."""
        return _scale(self.alpha, len(self.down))

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        down, up = (_exact(half.flatten(1), weight) for half in (self.down, self.up))
        if self.mid is not None:
            return self.scale * _shaped(torch.einsum("or,rsxy,si->oixy", up, _exact(self.mid, weight), down), weight)
        if up.shape != (weight.shape[0], len(down)) or down.shape[1] != weight[0].numel():
            raise ValueError(f"{tuple(up.shape)} times {tuple(down.shape)} is not {tuple(weight.shape)}")
        return (self.scale * (up @ down)).reshape(weight.shape)

    def rows(self, start: int, stop: int, total: int) -> Change:
        return replace(self, up=self.up[start:stop]) if len(self.up) == total else Rows(self, start, stop, total)

    def beside(self, layer: Layer, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        if self.mid is not None or layer.is_in_groups:
            return super().beside(layer, given, output)
        inner = layer.times(given.to(self.down.dtype), self.down.reshape(-1, *layer.shape[1:]))
        return self.scale * layer.mixed(inner, self.up.flatten(1))

    def prepared(self, layer: Layer, device: torch.device) -> Change:
        return self.to(device, layer.dtype)


@dataclass(frozen=True, eq=False)
class LoHa(Change):
    """`alpha` / rank times the elementwise product of two low-rank matrices, or of two Tucker decompositions."""

    w1_a: torch.Tensor
    w1_b: torch.Tensor
    w2_a: torch.Tensor
    w2_b: torch.Tensor
    t1: torch.Tensor | None = None
    t2: torch.Tensor | None = None
    alpha: float | None = None

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        first = _product(self.w1_a, self.w1_b, self.t1, weight)
        second = _product(self.w2_a, self.w2_b, self.t2, weight)
        return _scale(self.alpha, len(self.w1_b)) * _shaped(first * second, weight)


@dataclass(frozen=True, eq=False)
class LoKr(Change):
    """The Kronecker product of two matrices, each of them whole or of low rank; `alpha` / rank times that, where one is
    of low rank."""

    w1: torch.Tensor | None = None
    w1_a: torch.Tensor | None = None
    w1_b: torch.Tensor | None = None
    w2: torch.Tensor | None = None
    w2_a: torch.Tensor | None = None
    w2_b: torch.Tensor | None = None
    t2: torch.Tensor | None = None
    alpha: float | None = None

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        first = self._factor(self.w1, self.w1_a, self.w1_b, None, weight)
        second = self._factor(self.w2, self.w2_a, self.w2_b, self.t2, weight)
        first = first.reshape(*first.shape, *(1 for _ in second.shape[first.ndim :]))
        halves = [each for each in (self.w1_b, self.w2_b) if each is not None]
        scale = _scale(self.alpha, len(halves[0])) if halves else 1.0
        return scale * _shaped(torch.kron(first, second.contiguous()), weight)

    @staticmethod
    def _factor(
        whole: torch.Tensor | None,
        a: torch.Tensor | None,
        b: torch.Tensor | None,
        core: torch.Tensor | None,
        weight: torch.Tensor,
    ) -> torch.Tensor:
        if whole is not None:
            return _exact(whole, weight)
        if a is None or b is None:
            raise ValueError("a factor is missing")
        return _product(a, b, core, weight)


@dataclass(frozen=True, eq=False)
class Difference(Change):
    """The change itself, of weights or of a bias."""

    values: torch.Tensor

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        return _shaped(_exact(self.values, weight), weight)


@dataclass(frozen=True, eq=False)
class Scaling(Change):
    """Each row, or each column, of the weights times a factor (IA3): the change is the weights times `factors`, which
    are (rows, 1) or (1, columns)."""

    factors: torch.Tensor

    @property
    def depends_on_weight(self) -> bool:
        return True

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        factors = _exact(self.factors, weight)
        if len(factors) not in (1, weight.shape[0]) or factors.shape[1] not in (1, weight.shape[1]):
            raise ValueError(f"{tuple(factors.shape)} does not scale {tuple(weight.shape)}")
        return weight.float() * factors.reshape(*factors.shape, *(1 for _ in weight.shape[2:]))

    def rows(self, start: int, stop: int, total: int) -> Change:
        return self if len(self.factors) == 1 else Scaling(self.factors[start:stop])

    def beside(self, layer: Layer, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        factors = layer.by_channel(self.factors).to(given.dtype)
        if len(self.factors) == 1:
            return layer.without_bias(layer.forward(given * factors))
        return layer.without_bias(output) * factors


@dataclass(frozen=True, eq=False)
class DoRA(Change):
    """Changed weights whose rows, or columns, are brought to the lengths `magnitude`, (rows, 1) or (1, columns)."""

    direction: Change
    magnitude: torch.Tensor

    @property
    def depends_on_weight(self) -> bool:
        return True

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        changed = weight.float() + self.direction.over(weight)
        return changed + Scaling(self._stretch(changed)).over(changed) - weight.float()

    def rows(self, start: int, stop: int, total: int) -> Change:
        if len(self.magnitude) != total:
            raise ValueError("a DoRA over columns of several layers in one")
        return DoRA(self.direction.rows(start, stop, total), self.magnitude[start:stop])

    def prepared(self, layer: Layer, device: torch.device) -> Change:
        weight = layer.weight(device)
        stretch = self._stretch(weight.float() + self.direction.over(weight))
        return _Stretched(self.direction.prepared(layer, device), Scaling(stretch))

    def _stretch(self, changed: torch.Tensor) -> torch.Tensor:
        """What `changed` weights are to be scaled by, less 1, in the shape of the magnitude."""
        magnitude = _exact(self.magnitude, changed)
        across = [1, *range(2, changed.ndim)] if len(magnitude) == changed.shape[0] else [0, *range(2, changed.ndim)]
        lengths = torch.linalg.vector_norm(changed, dim=across)
        if magnitude.numel() != lengths.numel():
            raise ValueError(f"{tuple(magnitude.shape)} are no lengths of {tuple(changed.shape)}")
        stretch: torch.Tensor = magnitude / lengths.reshape(magnitude.shape) - 1
        return stretch


@dataclass(frozen=True, eq=False)
class _Stretched(Change):
    """A change and then a scaling, beside a layer."""

    first: Change
    then: Scaling

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        changed = weight.float() + self.first.over(weight)
        return changed + self.then.over(changed) - weight.float()

    @property
    def depends_on_weight(self) -> bool:
        return True

    def beside(self, layer: Layer, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        factors = layer.by_channel(self.then.factors).to(given.dtype)
        own = layer.without_bias(output)
        if len(self.then.factors) != 1:
            added = self.first.beside(layer, given, output)
            return added + (own + added) * factors
        stretched = given * (1 + factors)
        return layer.without_bias(layer.forward(stretched)) + self.first.beside(layer, stretched, output) - own


@dataclass(frozen=True, eq=False)
class Rows(Change):
    """The change of some rows, where `whole` is one of `total` rows."""

    whole: Change
    start: int
    stop: int
    total: int

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        return self.whole.over(weight[:1].expand(self.total, *weight.shape[1:]))[self.start : self.stop]


@dataclass(frozen=True, eq=False)
class Swapped(Change):
    """A change of rows whose halves are the other way round in the network."""

    other: Change

    @property
    def depends_on_weight(self) -> bool:
        return self.other.depends_on_weight

    def over(self, weight: torch.Tensor) -> torch.Tensor:
        return self._swapped(self.other.over(self._swapped(weight)))

    @staticmethod
    def _swapped(weight: torch.Tensor) -> torch.Tensor:
        return weight.roll(len(weight) // 2, 0)


def _exact(tensor: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return tensor.to(weight.device, torch.float32)


def _scale(alpha: float | None, rank: int) -> float:
    return 1.0 if alpha is None else alpha / rank


def _product(a: torch.Tensor, b: torch.Tensor, core: torch.Tensor | None, weight: torch.Tensor) -> torch.Tensor:
    """`a` @ `b`, or the Tucker decomposition around a core, (rows, columns, ...)."""
    a, b = _exact(a, weight), _exact(b, weight)
    return a @ b if core is None else torch.einsum("ijxy,ip,jr->prxy", _exact(core, weight), a, b)


def _shaped(change: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    if change.shape[0] != weight.shape[0] or change.numel() != weight.numel():
        raise ValueError(f"{tuple(change.shape)} is not {tuple(weight.shape)}")
    return change.reshape(weight.shape)
