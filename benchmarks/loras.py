"""The cost of a LoRA: merged into the weights and switched by pointers, as the engine does for small networks, or
computed beside each layer in every forward, as it does for large ones, and as peft does. Rank 16 over all layers of
attention of the shipped model, in milliseconds.

    python -m benchmarks.loras
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from safetensors.torch import save_file

from generation.catalogue import POCKET
from generation.engine.conditioning import lora_names, lora_network
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.loras import Lora, Loras, LoraSpec

RANK = 16
ROWS = (2, 8, 16)
REPEATS = 8
"""Runs of each figure, of which the fastest counts."""


def main() -> None:
    """Print a line for each figure."""
    unet = UNet2DConditionModel.from_pretrained(POCKET.source, subfolder="unet").eval()
    names = [
        name for name, layer in unet.named_modules() if "attentions" in name and isinstance(layer, torch.nn.Linear)
    ]
    print(f"{len(names)} layers, in {sum(each.numel() for each in unet.parameters()) / 1e6:.1f} M parameters")
    with TemporaryDirectory() as folder:
        file = Path(folder, "any.safetensors")
        save_file(_random(unet, names), file)
        _merged(
            unet,
            LoraAdapters("pocket", {lora_names.UNET: unet}, Loras([LoraSpec("any", file)]), unet.device, unet.dtype),
        )
    config = LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights=False, target_modules=names)
    unet.add_adapter(config, "any")
    print(f"forward with, by peft: {_forwards(unet)}")
    unet.disable_lora()
    print(f"forward without, peft at hand: {_forwards(unet)}")


@torch.inference_mode()
def _merged(unet: Any, lora_adapters: LoraAdapters) -> None:
    applied = (Lora("any", 0.8),)

    def merge() -> None:
        lora_adapters.forget_idle()
        lora_adapters.apply_to_text_encoders(applied)

    def there_and_back() -> None:
        lora_adapters.apply_to_unet(applied)
        lora_adapters.apply_to_unet(())

    print(f"forward without: {_forwards(unet)}")
    print(f"merge, once a set: {_fastest(merge):.1f}")
    print(f"switch, there and back: {_fastest(there_and_back):.2f}")
    lora_adapters.apply_to_unet(applied)
    print(f"forward with, merged: {_forwards(unet)}")
    lora_adapters.apply_to_unet(())
    lora_adapters.forget_idle()
    with patch.multiple(lora_network, MERGED_BYTES=0, SMALL_BYTES=0):
        lora_adapters.apply_to_unet(applied)
    print(f"forward with, beside: {_forwards(unet)}")
    print(f"switch beside, there and back: {_fastest(there_and_back):.2f}")
    lora_adapters.apply_to_unet(())


def _random(unet: Any, names: list[str]) -> dict[str, torch.Tensor]:
    tensors = {}
    for name in names:
        rows, columns = unet.get_submodule(name).weight.shape
        tensors[f"unet.{name}.lora_A.weight"] = torch.randn(RANK, columns) * 0.01
        tensors[f"unet.{name}.lora_B.weight"] = torch.randn(rows, RANK) * 0.01
    return tensors


@torch.inference_mode()
def _forwards(unet: Any) -> str:
    return ", ".join(f"{_fastest(_forward(unet, rows)):.0f} with {rows} rows" for rows in ROWS)


def _forward(unet: Any, rows: int) -> Callable[[], object]:
    latents = torch.randn(rows, unet.config.in_channels, 16, 16)
    words = torch.randn(rows, 77, unet.config.cross_attention_dim)
    return lambda: unet(latents, 500, words)


def _fastest(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(REPEATS):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
