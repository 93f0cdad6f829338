"""A flow-matching model in memory, of one of the families."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch

from generation import loras
from generation.engine.conditioning import lora_files, lora_names
from generation.engine.conditioning.embedding_cache import EmbeddingCache
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.families.family import FlowFamily, NoiseLevels
from generation.engine.families.rows import FlowRow
from generation.engine.latents.vae import Encoded
from generation.engine.models.batched_model import BatchedModel
from generation.engine.models.quantization import is_plain
from generation.engine.models.step_cache import StepCacheHooks
from generation.errors import ModelUnavailable, Unsuitable
from generation.jobs import Inputs
from generation.loras import LoraSet
from generation.pipelines import Guidance
from generation.settings import GenerationSettings

KEPT_BYTES = 256 * 2**20
"""How many bytes of embeddings a model keeps for prompts that come again. One of 512 tokens takes 4 MiB for FLUX.1 in
bfloat16."""

NO_GUIDANCE = 1.0
"""The scale at which a guidance-distilled model follows the prompt alone."""


@dataclass(kw_only=True)
class FlowModel(BatchedModel[FlowRow]):
    """The parts of a flow-matching pipeline, which its family knows to run."""

    family: FlowFamily
    _kept: EmbeddingCache[FlowRow] = field(default_factory=lambda: EmbeddingCache(KEPT_BYTES))

    @property
    def latent_channels(self) -> int:
        return self.family.channels

    @property
    def pixels_per_latent(self) -> int:
        return self.family.pixels_per_latent

    @property
    def mergeable(self) -> bool:
        return is_plain(self.family.transformer)

    @cached_property
    def lora_adapters(self) -> LoraAdapters:
        encoders = {name: getattr(self.pipeline, name, None) for name in lora_names.TEXT_ENCODERS}
        networks = {lora_names.UNET: self.family.transformer} | {name: each for name, each in encoders.items() if each}
        convert = lora_files.converter_of(self.pipeline)
        return LoraAdapters(self.spec.name, networks, self.loras, self.device, self.dtype, convert)

    def noise_levels(self, settings: GenerationSettings) -> NoiseLevels:
        """The noise levels of a picture."""
        return self.family.noise_levels(settings)

    def encode(self, pixels: torch.Tensor) -> Encoded:
        return replace(super().encode(pixels), certain=self.family.starts_from_middle)

    def starts_from(self, inputs: Inputs) -> tuple[Inputs, Inputs]:
        """A model that looks at pictures starts from noise, unless a mask tells which part of a picture to draw; it
        looks at that picture too, as in diffusers' pipelines for inpainting."""
        if not self.family.references or not inputs.image:
            return inputs, inputs
        pictures = filter(None, (inputs.image, inputs.image_prompt, *inputs.blended))
        looked_at = Inputs(**dict(zip(("image_prompt", "second", "third", "fourth"), pictures, strict=False)))
        return inputs if inputs.mask else Inputs(), looked_at

    def encode_texts(
        self, prompt: str, negative_prompt: str, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[FlowRow, FlowRow]:
        step = self.family.pixels_per_token
        if settings.width % step or settings.height % step:
            raise Unsuitable(
                "{model} draws sizes that are multiples of {step}. Change width and height.",
                model=self.spec.name,
                step=step,
            )
        if guides.controls:
            raise ModelUnavailable(f"{self.spec.name} has no ControlNet")
        if len(guides.image_prompts) > self.family.references:
            raise ModelUnavailable(f"{self.spec.name} takes {self.family.references} reference pictures at most")
        text, lora_set = loras.read(prompt)
        self.lora_adapters.apply_to_text_encoders(lora_set)
        told = NO_GUIDANCE if self.family.guidance is Guidance.TOLD else None
        words = self.family.instructed(text), negative_prompt or self.family.no_words
        pair = [self._encoded(each, lora_set, guides) for each in words]
        references = self._references(guides)
        with_prompt, without = (replace(row, loras=lora_set, guidance=told, references=references) for row in pair)
        return with_prompt, without

    def _encoded(self, text: str, lora_set: LoraSet, guides: ConditioningImages) -> FlowRow:
        """The embeddings of a prompt, kept for when it comes again."""
        seen = guides if self.family.text_sees_references else NO_GUIDES
        key = text, lora_set, seen.mark
        return self._kept.get(key, lambda: self.family.encode(text, seen.image_prompts))

    def _references(self, guides: ConditioningImages) -> tuple[torch.Tensor, ...]:
        """The latents of the reference pictures, encoded once for all pictures of a job."""
        key = self.spec.name, self.dtype
        if key not in guides.encoded:
            guides.encoded[key] = tuple(map(self.family.latents_of, guides.image_prompts))
        return guides.encoded[key]

    def guided(self, pair: tuple[FlowRow, FlowRow], settings: GenerationSettings) -> Sequence[FlowRow]:
        guidance = self.family.guidance
        with_prompt, without = pair
        if guidance is Guidance.TOLD:
            with_prompt, without = (replace(row, guidance=settings.guidance_scale) for row in pair)
        by_two = guidance is Guidance.TWO_PREDICTIONS or settings.negative_prompt
        return (without, with_prompt) if by_two else (with_prompt,)

    def merge(self, predictions: Sequence[torch.Tensor], settings: GenerationSettings) -> torch.Tensor:
        return self.family.merge(predictions[0], predictions[1], settings.guidance_scale)

    @cached_property
    def _step_cache(self) -> StepCacheHooks | None:
        return StepCacheHooks(self.family.transformer, self.spec.cache) if self.spec.cache else None

    def begin_picture(self, settings: GenerationSettings, rows: Sequence[FlowRow]) -> None:
        if self._step_cache and settings.step_cache:
            self._step_cache.begin(rows)

    def end_pictures(self) -> None:
        if self._step_cache:
            self._step_cache.end()

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        self.lora_adapters.apply_to_unet(rows[0].loras)
        with self._step_cache.context(rows[0], timesteps[0]) if self._step_cache else nullcontext():
            predicted = self.family.predict(latents.to(self.dtype), timesteps.to(torch.float32), rows)
        return predicted.float()
