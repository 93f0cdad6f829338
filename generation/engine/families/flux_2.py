"""FLUX.2: dev, which is told the guidance scale, and Klein, whose distilled models need none. All take references."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy
import torch
from PIL import Image

from generation.engine.families.autoencoders import Patchified
from generation.engine.families.family import FlowFamily
from generation.engine.families.rows import FlowRow, pictures_of, together, told
from generation.pipelines import Guidance

LARGEST_AREA = 1024 * 1024
"""Pixels of a reference picture at most; larger ones are made smaller."""

SMALLEST_SIDE = 64
"""Pixels of a reference picture's shorter side at least; smaller ones, which the pipeline refuses, are made larger."""

APART = 10
"""How far reference pictures are from each other, and the first from the picture that is drawn, in time."""


class Flux2(FlowFamily):
    """A transformer on latents of sixteen pixels each way, with the embeddings of three layers of Mistral."""

    pipelines = ("Flux2Pipeline",)
    pixels_per_latent = 16
    references = 4
    starts_from_middle = True

    @cached_property
    def autoencoder(self) -> Any:
        return Patchified(self.pipeline.vae)

    @property
    def guidance(self) -> Guidance:
        return Guidance.TOLD if self.transformer.config.guidance_embeds else Guidance.NONE

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        text, _ = pipeline.encode_prompt(prompt)
        return {"encoder_hidden_states": text}

    def fitted(self, reference: Image.Image) -> Image.Image:
        """Not larger than a megapixel, and cropped in the middle to whole tokens."""
        width, height = reference.size
        scale = max(min(1.0, math.sqrt(LARGEST_AREA / (width * height))), SMALLEST_SIDE / min(width, height))
        if scale != 1:
            width, height = int(width * scale), int(height * scale)
            reference = reference.resize((width, height), Image.Resampling.LANCZOS)
        step = self.pixels_per_token
        whole = height // step * step, width // step * step
        cropped: Image.Image = self.pipeline.image_processor.resize(reference, *whole, resize_mode="crop")
        return cropped

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        height, width = latents.shape[-2:]
        pictures = [latents, *(each.to(latents) for each in pictures_of(rows))]
        text = together(rows)
        words = text["encoder_hidden_states"].shape[1]
        places = [_grid(APART * number, each.shape[-2], each.shape[-1], 1) for number, each in enumerate(pictures)]
        predicted: torch.Tensor = self.transformer(
            hidden_states=torch.cat([each.flatten(2) for each in pictures], dim=2).transpose(1, 2),
            timestep=timesteps / 1000,
            guidance=told(rows, latents.device),
            txt_ids=_grid(0, 1, 1, words).to(latents.device),
            img_ids=torch.cat(places).to(latents.device),
            return_dict=False,
            **text,
        )[0]
        return predicted[:, : height * width].transpose(1, 2).reshape(len(rows), -1, height, width)

    def set_timesteps(self, scheduler: Any, steps: int, tokens: int) -> None:
        """Shifted for the number of tokens and of steps, as Black Forest Labs found to be best."""
        from diffusers.pipelines.flux2.pipeline_flux2 import compute_empirical_mu

        sigmas = numpy.linspace(1.0, 1 / steps, steps)
        scheduler.set_timesteps(sigmas=sigmas, mu=compute_empirical_mu(tokens, steps), device=self.device)


class Flux2Klein(Flux2):
    """FLUX.2 Klein: smaller, with the embeddings of Qwen3. Its base models are guided by two predictions."""

    pipelines = ("Flux2KleinPipeline",)

    @property
    def guidance(self) -> Guidance:
        return Guidance.NONE if self.pipeline.config.is_distilled else Guidance.TWO_PREDICTIONS


def _grid(time: int, height: int, width: int, words: int) -> torch.Tensor:
    """The place of each token, (tokens, 4): time, row, column, and number in a text."""
    return torch.cartesian_prod(torch.tensor([time]), *map(torch.arange, (height, width, words)))
