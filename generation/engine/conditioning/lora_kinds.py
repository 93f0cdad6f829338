"""The kinds of change that LoRA files hold, told by the names of their tensors."""

import re
from collections.abc import Mapping

import torch

from generation.engine.conditioning.lora_changes import Change, Difference, DoRA, LoHa, LoKr, LowRank, Scaling

WEIGHT, BIAS = "weight", "bias"

_LOW_RANK = re.compile(r"(?:\.lora_linear_layer\.|\.lora_|\.lora\.|_lora\.)(down|up|mid|A|B)(?:\.\w+)?\.weight$")
_HALVES = {"A": "down", "B": "up"}

_OTHER = re.compile(
    r"\.(hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2)|dora_scale|lora_magnitude_vector|alpha|diff|diff_b"
    r"|w_norm|b_norm|weight|on_input|ia3_l)(?:\.\w+)?(?:\.weight)?$"
)

_UNKNOWN = {"boft_": "BOFT", "oft_": "OFT", "lora_B.bias": "LoRA with biases"}
"""Kinds that can't be applied, by a part of their tensors' names."""


def split(key: str) -> tuple[str, str]:
    """The layer that a tensor changes, and the tensor's role. Raises `ValueError` where it is no part of a LoRA."""
    if match := _LOW_RANK.search(key):
        return key[: match.start()], _HALVES.get(match[1], match[1])
    if match := _OTHER.search(key):
        return key[: match.start()], match[1]
    if kind := next((kind for mark, kind in _UNKNOWN.items() if mark in key), None):
        raise ValueError(f"it is a {kind}, which is not supported")
    raise ValueError(f"{key} isn't part of a LoRA")


def changes(tensors: Mapping[str, torch.Tensor], alpha: float | None) -> dict[str, Change]:
    """The changes of one layer's weights and bias, from the tensors by their roles. `alpha` is used where there is none
    among them. Raises `ValueError`."""
    roles = dict(tensors)
    own = number(roles.pop("alpha", None))
    alpha = alpha if own is None else own
    found: dict[str, Change] = {}
    for role in ("diff_b", "b_norm"):
        if role in roles:
            found[BIAS] = Difference(roles.pop(role))
    magnitude = _magnitude(roles)
    if roles or magnitude is not None:
        found[WEIGHT] = _weight(roles, alpha)
        if magnitude is not None:
            found[WEIGHT] = DoRA(found[WEIGHT], magnitude)
    return found


def number(given: object) -> float | None:
    """A finite number, whatever form it is written in; None where it is none."""
    if isinstance(given, torch.Tensor):
        given = given.item() if given.numel() == 1 else None
    try:
        read = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return read if read - read == 0 else None


def _weight(roles: dict[str, torch.Tensor], alpha: float | None) -> Change:
    given = set(roles)
    if given <= {"down", "up", "mid"}:
        if not {"down", "up"} <= given:
            raise ValueError("one half of a pair is missing")
        return LowRank(**roles, alpha=alpha)
    if given == {"diff"} or given == {"w_norm"}:
        return Difference(*roles.values())
    if given == {"weight", "on_input"}:
        return Scaling(roles["weight"].reshape((1, -1) if roles["on_input"].any() else (-1, 1)))
    if given == {"ia3_l"}:
        return Scaling(roles["ia3_l"] - 1)
    hada, lokr = (_named(roles, prefix) for prefix in ("hada_", "lokr_"))
    if hada.keys() >= {"w1_a", "w1_b", "w2_a", "w2_b"} and len(hada) == len(given):
        return LoHa(**hada, alpha=alpha)
    if len(lokr) == len(given):
        return LoKr(**lokr, alpha=alpha)
    raise ValueError(f"of one layer it has {', '.join(sorted(given))}, which isn't a whole LoRA")


def _named(roles: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors of one kind, without its prefix."""
    return {role.removeprefix(prefix): tensor for role, tensor in roles.items() if role.startswith(prefix)}


def _magnitude(roles: dict[str, torch.Tensor]) -> torch.Tensor | None:
    """The lengths of a DoRA, (rows, 1) or (1, columns); older files of LyCORIS have those of columns."""
    if (of_peft := roles.pop("lora_magnitude_vector", None)) is not None:
        return of_peft.reshape(-1, 1)
    scale = roles.pop("dora_scale", None)
    if scale is None:
        return None
    return scale.reshape(1, -1) if scale.ndim > 1 and len(scale) == 1 else scale.reshape(-1, 1)
