"""Begin from a finished model instead of from nothing: weights taken over, also into somewhat larger networks.

Checkpoints stay on the machine that trained them; the shipped model goes everywhere. With ``--from-model DIR`` a stage
that has no checkpoint yet starts from the like-named part of that model (a diffusers folder). Where a tensor has grown,
the old one fills its leading corner and what was added does not reach what was there, so that the larger network
begins by doing what the smaller one did.

What was learned in between may also be taken in part: weights between a model and what it became by more training often
do better at the old and the new than either end (arXiv 2109.01903).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


@torch.no_grad()
def take_over(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy ``weights`` into the parameters and buffers of ``model`` that bear the same names.

    A weight (out, in, ...) that has grown keeps its fresh rows, but the old rows ignore the new inputs. Names that only
    one of both knows are left alone. Raises ``ValueError`` where a tensor would have to shrink.
    """
    for name, mine in model.state_dict().items():
        if name not in weights:
            continue
        old = weights[name].to(mine.dtype)
        if old.dim() != mine.dim() or any(a > b for a, b in zip(old.shape, mine.shape, strict=True)):
            raise ValueError(f"{name}: {tuple(old.shape)} does not fit into {tuple(mine.shape)}")
        corner = tuple(slice(0, size) for size in old.shape)
        mine[corner[0]] = 0
        mine[corner] = old


@torch.no_grad()
def blend(model: nn.Module, earlier: Mapping[str, Tensor], share: float) -> None:
    """Take of the way from the weights of an ``earlier`` model of the same shapes to those of ``model`` so large a
    ``share``: less than 1 stays between them, more goes on in the same direction."""
    for name, mine in model.state_dict().items():
        if mine.is_floating_point():
            mine.copy_(torch.lerp(earlier[name].to(mine.dtype), mine, share))
