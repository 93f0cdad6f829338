"""Krea 2, and its distilled models, which need no guidance."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy
import torch
from PIL import Image

from generation.engine.families.autoencoders import OneFrame
from generation.engine.families.family import FlowFamily, packed, shift, unpacked
from generation.engine.families.rows import FlowRow, together
from generation.pipelines import Guidance

DISTILLED_SHIFT = 1.15
"""The shift `mu` of distilled models, at all sizes."""


class Krea2(FlowFamily):
    """A transformer on packed latents, with the embeddings of many layers of Qwen3-VL and a mask of them.

    A guidance scale of its pipeline is smaller than ours by 1: there 0 means none."""

    pipelines = ("Krea2Pipeline",)

    @cached_property
    def autoencoder(self) -> Any:
        return OneFrame(self.pipeline.vae)

    @property
    def guidance(self) -> Guidance:
        return Guidance.NONE if self.pipeline.config.is_distilled else Guidance.TWO_PREDICTIONS

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        text, mask = pipeline.encode_prompt(prompt)
        return {"encoder_hidden_states": text, "encoder_attention_mask": mask}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        height, width = latents.shape[-2:]
        text = together(rows)
        words = text["encoder_hidden_states"].shape[1]
        predicted = self.transformer(
            hidden_states=packed(latents),
            timestep=timesteps / self.pipeline.scheduler.config.num_train_timesteps,
            position_ids=self.pipeline.prepare_position_ids(words, height // 2, width // 2, latents.device),
            return_dict=False,
            **text,
        )[0]
        return unpacked(predicted, height, width)

    def set_timesteps(self, scheduler: Any, steps: int, tokens: int) -> None:
        own = DISTILLED_SHIFT if self.pipeline.config.is_distilled else shift(tokens, scheduler.config)
        scheduler.set_timesteps(sigmas=numpy.linspace(1.0, 1 / steps, steps), mu=own, device=self.device)
