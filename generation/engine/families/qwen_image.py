"""Qwen-Image (Wu et al., arXiv 2508.02324), and its models that change reference pictures as the prompt says."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from generation.engine.families.autoencoders import OneFrame
from generation.engine.families.family import FlowFamily, packed, unpacked
from generation.engine.families.rows import FlowRow, pictures_of, together

WORDS = 512
"""The most tokens of a prompt, as in the pipeline, which cuts off the rest unseen."""

TEXT_MULTIPLE = 64
"""Texts are padded, each by itself, to a multiple of so many tokens, so that many rows can share a forward."""


class QwenImage(FlowFamily):
    """A transformer on packed latents, with the embeddings of Qwen2.5-VL and a mask of them."""

    pipelines = ("QwenImagePipeline",)
    no_words = " "

    @cached_property
    def autoencoder(self) -> Any:
        return OneFrame(self.pipeline.vae)

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        pipeline.tokenizer_max_length = WORDS
        return _padded(*pipeline.encode_prompt(prompt))

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        height, width = latents.shape[-2:]
        pictures = [latents, *(each.to(latents) for each in pictures_of(rows))]
        tokens = [packed(each) for each in pictures]
        predicted = self.transformer(
            hidden_states=torch.cat(tokens, dim=1),
            timestep=timesteps / 1000,
            img_shapes=[[(1, each.shape[-2] // 2, each.shape[-1] // 2) for each in pictures]] * len(rows),
            return_dict=False,
            **together(rows),
        )[0]
        return unpacked(predicted[:, : tokens[0].shape[1]], height, width)

    def merge(self, without: torch.Tensor, with_prompt: torch.Tensor, scale: float) -> torch.Tensor:
        """The guided prediction, of which each token has the norm of the conditional one, as in the pipelines."""
        merged = packed(super().merge(without, with_prompt, scale))
        wanted = packed(with_prompt).norm(dim=-1, keepdim=True)
        height, width = with_prompt.shape[-2:]
        return unpacked(merged * (wanted / merged.norm(dim=-1, keepdim=True)), height, width)


class QwenImageEdit(QwenImage):
    """Qwen-Image-Edit: text encoder and transformer both see a reference picture of one megapixel.

    Without one it draws as Qwen-Image does, by that one's instruction to the text encoder."""

    pipelines = ("QwenImageEditPipeline",)
    references = 1
    text_sees_references = True

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        if not references:
            return super().embedded(_drawing(pipeline), prompt, ())
        return _padded(*pipeline.encode_prompt(prompt, image=self.seen(references)))

    def seen(self, references: Sequence[Image.Image]) -> Any:
        """The reference pictures as the text encoder takes them."""
        return self.fitted(references[0])

    def fitted(self, reference: Image.Image) -> Image.Image:
        from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit as edit

        width, height, _ = edit.calculate_dimensions(1024 * 1024, reference.width / reference.height)
        fitted: Image.Image = self.pipeline.image_processor.resize(reference, height, width)
        return fitted


class QwenImageEditPlus(QwenImageEdit):
    """Qwen-Image-Edit-2509 and later: several reference pictures, which the text encoder sees smaller."""

    pipelines = ("QwenImageEditPlusPipeline",)
    references = 4

    def seen(self, references: Sequence[Image.Image]) -> Any:
        from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import CONDITION_IMAGE_SIZE

        return [self._resized(each, CONDITION_IMAGE_SIZE) for each in references]

    def fitted(self, reference: Image.Image) -> Image.Image:
        from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import VAE_IMAGE_SIZE

        return self._resized(reference, VAE_IMAGE_SIZE)

    def _resized(self, reference: Image.Image, area: int) -> Image.Image:
        from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as plus

        width, height = plus.calculate_dimensions(area, reference.width / reference.height)
        resized: Image.Image = self.pipeline.image_processor.resize(reference, height, width)
        return resized


def _drawing(pipeline: Any) -> Any:
    """A pipeline of Qwen-Image around the parts of one that edits."""
    from diffusers import QwenImagePipeline

    parts = "scheduler", "vae", "text_encoder", "tokenizer", "transformer"
    return QwenImagePipeline(**{name: getattr(pipeline, name) for name in parts})


def _padded(text: torch.Tensor, mask: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """A text's embeddings (1, tokens, width) with zeros up to a multiple of `TEXT_MULTIPLE`, which the mask leaves out;
    `mask` is None where all tokens count."""
    missing = -text.shape[1] % TEXT_MULTIPLE
    counting = torch.ones(text.shape[:2], dtype=torch.bool, device=text.device) if mask is None else mask.bool()
    return {
        "encoder_hidden_states": torch.nn.functional.pad(text, (0, 0, 0, missing)),
        "encoder_hidden_states_mask": torch.nn.functional.pad(counting, (0, missing)),
    }
