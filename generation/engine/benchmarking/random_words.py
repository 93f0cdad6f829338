"""Families of flow-matching models whose words are random embeddings, so that no text encoder is needed."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.families.family import FlowFamily
from generation.engine.families.flux import Flux
from generation.engine.families.rows import FlowRow
from generation.engine.families.z_image import ZImage
from generation.settings import GenerationSettings


class RandomWords(FlowFamily):
    """Has the same embeddings, of so many words, whenever a prompt comes again."""

    def __init__(self, pipeline: Any, words: int) -> None:
        super().__init__(pipeline)
        self._words = words

    def encode(self, prompt: str, references: Sequence[Image.Image] = ()) -> FlowRow:
        """The embeddings that a prompt always has."""
        chance, like = torch.Generator().manual_seed(sum(map(ord, prompt))), self.transformer
        drawn = {name: torch.randn(shape, generator=chance) for name, shape in self.shapes.items()}
        return FlowRow({name: tensor.to(like.device, like.dtype) for name, tensor in drawn.items()} | self.beside)

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the embeddings that the transformer takes."""

    @property
    def beside(self) -> dict[str, torch.Tensor]:
        """What a row has beside embeddings."""
        return {}

    @abstractmethod
    def stock_words(self, settings: GenerationSettings) -> dict[str, Any]:
        """Embeddings and guidance scale as the pipeline takes them."""


class FluxOfRandomWords(RandomWords, Flux):
    """FLUX."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        config = self.transformer.config
        return {
            "encoder_hidden_states": (1, self._words, config.joint_attention_dim),
            "pooled_projections": (1, config.pooled_projection_dim),
        }

    def stock_words(self, settings: GenerationSettings) -> dict[str, Any]:
        text = self.encode(settings.prompt).text
        return {
            "prompt_embeds": text["encoder_hidden_states"],
            "pooled_prompt_embeds": text["pooled_projections"],
            "guidance_scale": settings.guidance_scale,
        }


class ZImageOfRandomWords(RandomWords, ZImage):
    """Z-Image."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"cap_feats": (1, self._words, self.transformer.config.cap_feat_dim)}

    @property
    def beside(self) -> dict[str, torch.Tensor]:
        return {"length": torch.tensor([self._words])}

    def stock_words(self, settings: GenerationSettings) -> dict[str, Any]:
        """The pipeline counts the scale from 0."""
        [text] = self.encode(settings.prompt).text["cap_feats"]
        return {"prompt_embeds": [text], "guidance_scale": settings.guidance_scale - 1}
