"""Stable Diffusion 3 and 3.5 (Esser et al., arXiv 2403.03206)."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.families.family import FlowFamily, shift
from generation.engine.families.rows import FlowRow, together


class StableDiffusion3(FlowFamily):
    """A transformer on latents as they are, with the embeddings of two CLIP encoders and of T5, where there is one."""

    pipelines = ("StableDiffusion3Pipeline",)

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        text, _, pooled, _ = pipeline.encode_prompt(prompt, None, None, do_classifier_free_guidance=False)
        return {"encoder_hidden_states": text, "pooled_projections": pooled}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        predicted: torch.Tensor = self.transformer(
            hidden_states=latents, timestep=timesteps, return_dict=False, **together(rows)
        )[0]
        return predicted

    def set_timesteps(self, scheduler: Any, steps: int, tokens: int) -> None:
        """In even steps between the scheduler's highest and lowest level, then shifted by a constant as its config
        says."""
        moved = {"mu": shift(tokens, scheduler.config)} if scheduler.config.use_dynamic_shifting else {}
        scheduler.set_timesteps(steps, device=self.device, **moved)
