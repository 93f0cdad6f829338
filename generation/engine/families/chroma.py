"""Chroma, made from FLUX.1 schnell (https://huggingface.co/lodestones/Chroma1-HD)."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.families.family import FlowFamily, packed, unpacked
from generation.engine.families.flux import places
from generation.engine.families.rows import FlowRow, together


class Chroma(FlowFamily):
    """A transformer on packed latents, with the embeddings of T5 and a mask that leaves out its padding, but for the
    first token of that."""

    pipelines = ("ChromaPipeline",)

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        text, _, mask, *_ = pipeline.encode_prompt(prompt, do_classifier_free_guidance=False)
        return {"encoder_hidden_states": text, "attention_mask": mask}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        height, width = latents.shape[-2:]
        tokens, text = packed(latents), together(rows)
        mask = text.pop("attention_mask")
        predicted = self.transformer(
            hidden_states=tokens,
            timestep=timesteps / 1000,
            txt_ids=tokens.new_zeros(mask.shape[1], 3),
            img_ids=places(latents).to(latents),
            attention_mask=torch.cat([mask, mask.new_ones(tokens.shape[:2])], dim=1),
            return_dict=False,
            **text,
        )[0]
        return unpacked(predicted, height, width)
