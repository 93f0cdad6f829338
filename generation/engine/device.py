"""Which device draws, and in which number format."""

import torch


def choose(device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """Resolve "auto": the GPU if there is one, in half precision; else the processor, in float32."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "float16"
    chosen: torch.dtype = getattr(torch, dtype)
    return torch.device(device), chosen
