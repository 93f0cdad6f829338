"""FLUX.1: dev, Krea and Kontext, which are told the guidance scale, and schnell, which needs none."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.families.family import FlowFamily, packed, unpacked
from generation.engine.families.rows import FlowRow, pictures_of, together, told
from generation.pipelines import Guidance


class Flux(FlowFamily):
    """A transformer on packed latents, with the embeddings of T5 and the pooled one of CLIP."""

    pipelines = ("FluxPipeline",)

    @property
    def guidance(self) -> Guidance:
        return Guidance.TOLD if self.transformer.config.guidance_embeds else Guidance.NONE

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        text, pooled, _ = pipeline.encode_prompt(prompt, None, max_sequence_length=512)
        return {"encoder_hidden_states": text, "pooled_projections": pooled}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        height, width = latents.shape[-2:]
        tokens, text = packed(latents), together(rows)
        words = text["encoder_hidden_states"].shape[1]
        pictures = [each.to(latents) for each in pictures_of(rows)]
        predicted = self.transformer(
            hidden_states=torch.cat([tokens, *map(packed, pictures)], dim=1),
            timestep=timesteps / 1000,
            guidance=told(rows, latents.device),
            txt_ids=torch.zeros(words, 3, device=latents.device, dtype=latents.dtype),
            img_ids=torch.cat([places(each, number) for number, each in enumerate([latents, *pictures])]).to(latents),
            return_dict=False,
            **text,
        )[0]
        return unpacked(predicted[:, : tokens.shape[1]], height, width)


class Kontext(Flux):
    """FLUX.1 Kontext, which changes a reference picture as the prompt says: its tokens follow those of the latents."""

    pipelines = ("FluxKontextPipeline",)
    references = 1
    starts_from_middle = True

    def fitted(self, reference: Image.Image) -> Image.Image:
        """At one of the sizes that it was trained with, whose proportions are closest."""
        from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

        ratio = reference.width / reference.height
        width, height = min(PREFERRED_KONTEXT_RESOLUTIONS, key=lambda size: (abs(ratio - size[0] / size[1]), size))
        fitted: Image.Image = self.pipeline.image_processor.resize(reference, height, width)
        return fitted


def places(latents: torch.Tensor, picture: int = 0) -> torch.Tensor:
    """The place of each token of a picture, (tokens, 3): the number of the picture, its row and column."""
    height, width = latents.shape[-2] // 2, latents.shape[-1] // 2
    grid = torch.zeros(height, width, 3)
    grid[..., 0] = picture
    grid[..., 1] += torch.arange(height)[:, None]
    grid[..., 2] += torch.arange(width)[None]
    return grid.flatten(0, 1)
