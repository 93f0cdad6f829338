"""ControlNet: a second network that makes a picture follow the edges, depth or pose of a control image.

Zhang et al., arXiv 2302.05543.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import images
from generation.engine.conditioning.rows import ImageCondition


def read_controlnet(folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """Read a ControlNet from a folder in diffusers' format. Raises `OSError` or `ValueError`."""
    from diffusers import ControlNetModel

    network = ControlNetModel.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    return network.to(device).eval()


def control_pixels(image: Image.Image, width: int, height: int) -> torch.Tensor:
    """The control image as the ControlNet takes it: (1, 3, height, width), from 0 to 1."""
    values = numpy.asarray(images.fitted(image, width, height), dtype=numpy.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def residuals(
    network: Any,
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    conditioning: Mapping[str, Any],
    controls: Sequence[ImageCondition],
) -> dict[str, Any]:
    """The ControlNet's residuals, as keyword arguments of the UNet's forward.

    `latents` are (rows, channels, h, w) at unit variance, `timesteps` (rows,); `controls` has one image for each row.
    """
    scales = torch.tensor([control.scale for control in controls], device=latents.device, dtype=latents.dtype)
    down, mid = network(
        latents,
        timesteps,
        controlnet_cond=torch.cat([control.tensor for control in controls]),
        conditioning_scale=scales.view(-1, 1, 1, 1),
        return_dict=False,
        **conditioning,
    )
    return {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}
