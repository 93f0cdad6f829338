"""ControlNet: a network beside the UNet that keeps a picture to the lines, depths or poses of another.

Zhang et al., arXiv 2302.05543.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import images
from generation.engine.conditioning.text_encoders import Guide


def read_controlnet(folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """The network of a folder in diffusers' format. Raises `OSError` or `ValueError`."""
    from diffusers import ControlNetModel

    network = ControlNetModel.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    return network.to(device).eval()


def control_pixels(image: Image.Image, width: int, height: int) -> torch.Tensor:
    """What the network looks at: (1, 3, height, width), from 0 to 1."""
    values = numpy.asarray(images.fitted(image, width, height), dtype=numpy.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def residuals(
    network: Any,
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    conditioning: Mapping[str, Any],
    looks: Sequence[Guide],
) -> dict[str, Any]:
    """What the UNet is to add between its layers, as arguments of its forward; one look for each row."""
    scales = torch.tensor([look.scale for look in looks], device=latents.device, dtype=latents.dtype)
    down, mid = network(
        latents,
        timesteps,
        controlnet_cond=torch.cat([look.tensor for look in looks]),
        conditioning_scale=scales.view(-1, 1, 1, 1),
        return_dict=False,
        **conditioning,
    )
    return {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}
