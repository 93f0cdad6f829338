"""Puts the parts of a pipeline where a plan says: on the device, or in the CPU's memory, from where they visit it."""

import logging
import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from generation import plans
from generation.engine.runtime import memory
from generation.errors import ModelTooLarge
from generation.plans import EVERYTHING, Needs, Plan, gigabytes

log = logging.getLogger(__name__)

_BLOCKS, _LAYERS = "block_level", "leaf_level"
_STREAMED = {"group": _BLOCKS, "sequential": _LAYERS}
"""diffusers' names of what is moved at a time."""

_LISTS = (torch.nn.ModuleList, torch.nn.Sequential)
"""What a network keeps its blocks in."""


def plan_for(name: str, needs: Needs, device: torch.device, dtype: torch.dtype, room: float, offload: str) -> Plan:
    """The plan of a model: the cheapest that fits into `room` bytes of a device, or the streaming that the host wants
    in any case. Raises `ModelTooLarge`."""
    plan = plans.streaming(offload) if offload else plans.plan(needs, room)
    there = gigabytes(min(room, memory.free(device)))
    if plan is None:
        raise ModelTooLarge(f"model {name} does not fit into {there} GB of {device}. {needs.told}")
    if offload or device.type == "cuda":
        memory.check_room(name, needs.on_host(plan), memory.CPU, dtype)
    else:
        memory.check_room(name, needs.weights, device, dtype)
    whole = gigabytes(needs.peak(EVERYTHING))
    log.info("model %s needs %s GB, %s GB are there on %s: %s", name, whole, there, device, plan.told)
    return plan


def room_on(device: torch.device) -> float:
    """The bytes that a model may take of a device, if the host sets no limit: what is free on a GPU. Other devices
    share their memory with the CPU, so that nothing would be saved."""
    return memory.free(device) if device.type == "cuda" else math.inf


def place(pipeline: Any, device: torch.device, plan: Plan) -> None:
    """Put the networks of a pipeline, which are in the CPU's memory, where the plan says. A GPU fetches what comes next
    in a stream of its own. Raises `ValueError` for a network that cannot be streamed."""
    if plan.held_back:
        for name, part in pipeline.components.items():
            if isinstance(part, torch.nn.Module):
                _place(name, part, device, plan)
    else:
        pipeline.to(device)


def _place(name: str, network: torch.nn.Module, device: torch.device, plan: Plan) -> None:
    if plan.encoders_leave and plans.is_text_encoder(name):
        _stream(network, device, _LAYERS)
    elif plan.offload and plans.is_denoiser(name):
        if not getattr(network, "_supports_group_offloading", True):
            raise ValueError(f"a {type(network).__name__} cannot be streamed")
        staying = [*_kept(network, plan.kept), *_outside(network)]
        with _without(network, staying):
            _stream(network, device, _STREAMED[plan.offload])
        for each in staying:
            each.to(device)
    else:
        network.to(device)


def _stream(network: torch.nn.Module, device: torch.device, how: str) -> None:
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        network,
        onload_device=device,
        offload_type=how,
        num_blocks_per_group=1 if how == _BLOCKS else None,
        use_stream=device.type == "cuda",
    )


def _kept(network: torch.nn.Module, room: int) -> list[torch.nn.Module]:
    """The blocks that stay on the device, not more than `room` bytes of them. Those that are streamed are spread evenly
    among them, so that each is fetched while others run."""
    blocks = [block for child in network.children() if isinstance(child, _LISTS) for block in child]
    share = max(1 - room / max(sum(map(_bytes, blocks)), 1), 0)
    kept, passed, streamed = [], 0, 0
    for block in blocks:
        passed += _bytes(block)
        if streamed < share * passed:
            streamed += _bytes(block)
        else:
            kept.append(block)
    return kept


def _outside(network: torch.nn.Module) -> list[torch.nn.Module]:
    """What is outside of the blocks, but for the smallest part: diffusers fetches blocks ahead only for a network that
    moves something by itself."""
    return sorted((each for each in network.children() if not isinstance(each, _LISTS)), key=_bytes)[1:]


def _bytes(network: torch.nn.Module) -> int:
    return sum(weight.nbytes for weight in network.parameters())


@contextmanager
def _without(network: torch.nn.Module, staying: Collection[torch.nn.Module]) -> Iterator[None]:
    """Hide parts of a network: diffusers moves all that it sees."""
    own, hidden = network._modules, {id(each) for each in staying}
    seen = {name: child for name, child in own.items() if id(child) not in hidden}
    network._modules = {
        name: torch.nn.ModuleList(block for block in child if id(block) not in hidden)
        if isinstance(child, _LISTS)
        else child
        for name, child in seen.items()
    }
    try:
        yield
    finally:
        network._modules = own
