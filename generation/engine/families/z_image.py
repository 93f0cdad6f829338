"""Z-Image and Z-Image Turbo (arXiv 2511.22699)."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.families.family import FlowFamily
from generation.engine.families.rows import FlowRow

TOKENS = 32
"""The transformer pads a text to a multiple of so many tokens, which it tells from the others by itself."""


class ZImage(FlowFamily):
    """A transformer on lists of pictures and texts.

    Its pipeline counts the guidance scale from 0, as in the paper of classifier-free guidance (Ho and Salimans, arXiv
    2207.12598): with the prompt + scale x (with the prompt - without). Here 1 is no guidance, as with all other models:
    the pipeline's scale is ours minus 1. Turbo is for scale 1; nothing in its config tells it from the other one.
    """

    pipelines = ("ZImagePipeline",)

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        """The text, (1, a multiple of `TOKENS`, width), and how many of its tokens are read, (1,)."""
        [text], _ = pipeline.encode_prompt(prompt, do_classifier_free_guidance=False)
        padded = torch.nn.functional.pad(text, (0, 0, 0, -len(text) % TOKENS))
        return {"cap_feats": padded[None], "length": torch.tensor([len(text)])}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        predicted = self.transformer(
            list(latents.unsqueeze(2)),
            (1000 - timesteps) / 1000,
            [row.text["cap_feats"][0, : int(row.text["length"])] for row in rows],
            return_dict=False,
        )[0]
        return -torch.stack(predicted).squeeze(2)
