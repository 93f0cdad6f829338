"""Acceleration of a diffusers pipeline: attention backends, torch.compile, fused projections."""

from importlib.util import find_spec
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.acceleration import Acceleration
from generation.engine.models import placement
from generation.plans import EVERYTHING, Plan

COMPILE: dict[str, Any] = {"fullgraph": True, "dynamic": True}
"""Arguments of `torch.compile`: one kernel for any number of rows."""

KERNELS = {
    "_native_flash": SDPBackend.FLASH_ATTENTION,
    "_native_efficient": SDPBackend.EFFICIENT_ATTENTION,
    "_native_cudnn": SDPBackend.CUDNN_ATTENTION,
    "_native_math": SDPBackend.MATH,
}


class Preferring:
    """An attention processor that has torch try one kernel first, and the others where it can't be used."""

    def __init__(self, processor: Any, kernel: SDPBackend) -> None:
        self._processor = processor
        self._kernels = [kernel, *(each for each in KERNELS.values() if each is not kernel)]

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        with sdpa_kernel(self._kernels, set_priority=True):
            return self._processor(*inputs, **named)


def accelerated(pipeline: Any, device: torch.device, wanted: Acceleration, plan: Plan = EVERYTHING) -> Any:
    """Put a pipeline where the plan says and accelerate it. Raises `ValueError` or `RuntimeError` for an option that it
    doesn't have, or whose package is missing."""
    unet = getattr(pipeline, "unet", None)
    placement.place(pipeline, device, plan)
    network: Any = unet or getattr(pipeline, "transformer", None)
    if network is None and (wanted.fuse_projections or wanted.attention or wanted.compile):
        raise ValueError(f"{type(pipeline).__name__} has neither a UNet nor a transformer to accelerate")
    if wanted.fuse_projections:
        network.fuse_qkv_projections()
    if wanted.attention:
        _attend(network, wanted.attention, is_unet=unet is not None)
    if wanted.compile:
        network.compile_repeated_blocks(**COMPILE)
    return pipeline


def _attend(network: Any, backend: str, *, is_unet: bool) -> None:
    """Set the attention backend. UNets can't use diffusers' backends, only those of torch and xformers."""
    if not is_unet:
        network.set_attention_backend(backend)
    elif backend == "xformers":
        if find_spec("xformers") is None:
            raise ValueError("attention xformers needs the package xformers, which is not installed")
        network.enable_xformers_memory_efficient_attention()
    elif backend in KERNELS:
        own = network.attn_processors
        network.set_attn_processor({name: Preferring(each, KERNELS[backend]) for name, each in own.items()})
    elif backend != "native":
        names = ", ".join(("native", *KERNELS, "xformers"))
        raise ValueError(f"attention {backend} is not for Stable Diffusion 1.x, 2.x and XL; they take {names}")
