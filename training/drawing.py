"""Draw prompts with the finished model, as its users will: the stock diffusers pipeline, one generator a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from tqdm import tqdm

from training.art import Pixels

STEPS = 25
GUIDANCE = 5.0


def load_pipeline(folder: Path) -> StableDiffusionPipeline:
    """The pipeline in float32, quiet."""
    pipeline: StableDiffusionPipeline = StableDiffusionPipeline.from_pretrained(
        folder, local_files_only=True, torch_dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    width: int = 128,
    height: int = 128,
    rows: int = 16,
    bfloat16: bool = False,
) -> Pixels:
    """Pictures (N, height, width, 3) of the prompts, each from its own seed, in float32 or, faster, bfloat16."""
    pictures: list[Pixels] = []
    for start in tqdm(range(0, len(prompts), rows), desc="drawing", mininterval=2.0, disable=len(prompts) <= rows):
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            drawn = pipeline(
                list(prompts[start : start + rows]),
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds[start : start + rows]],
                width=width,
                height=height,
            ).images
        pictures += [np.asarray(picture) for picture in drawn]
    return np.stack(pictures)
