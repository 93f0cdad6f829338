"""A Stable Diffusion model in memory, and what the step loop calls on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch

from generation import controls, loras, prompt_syntax, sources
from generation.engine.conditioning import controlnet, guidance, known_words, lora_names, stable_diffusion
from generation.engine.conditioning.controlnet import ControlNets
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.ip_adapter import IpAdapter
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.conditioning.rows import ControlCondition, ImagePrompts
from generation.engine.conditioning.text_encoders import Conditioning, PromptEncoder, together
from generation.engine.models.batched_model import BatchedModel
from generation.engine.models.circular import set_padding
from generation.engine.models.quantization import is_plain
from generation.errors import ModelUnavailable
from generation.prompts import said
from generation.settings import GenerationSettings


@dataclass(kw_only=True)
class UNetModel(BatchedModel[Conditioning]):
    """The parts of a Stable Diffusion pipeline."""

    prompts: PromptEncoder
    unet: Any
    controlnets: Mapping[str, Any] = field(default_factory=dict)
    """By name; see `controls.network_for`."""
    image_prompts: IpAdapter | None = None
    _is_circular: bool = False

    @property
    def mergeable(self) -> bool:
        return is_plain(self.unet)

    @cached_property
    def lora_adapters(self) -> LoraAdapters:
        """Applies LoRAs to the UNet and the text encoders."""
        encoders = [reader.text_encoder for reader in self.prompts.readers]
        parts = {lora_names.UNET: self.unet} | dict(zip(lora_names.TEXT_ENCODERS, encoders, strict=False))
        return LoraAdapters(self.spec.name, parts, self.loras, self.device, self.dtype)

    @property
    def latent_channels(self) -> int:
        return int(self.unet.config.out_channels)

    @property
    def is_inpainting(self) -> bool:
        return bool(self.unet.config.in_channels == 2 * self.latent_channels + 1)

    @property
    def is_editing(self) -> bool:
        """True where the UNet also takes the latents of a picture to edit (InstructPix2Pix)."""
        return bool(self.unet.config.in_channels == 2 * self.latent_channels)

    @property
    def scales_edited(self) -> bool:
        """True where the latents of the picture to edit are scaled: in CosXL Edit, but not in InstructPix2Pix."""
        return self.is_editing and sources.has_edm_levels(self.scheduler_config)

    @property
    def embeds_guidance(self) -> bool:
        """True for a guidance-distilled UNet: it takes the scale as an embedding, and needs no unconditional row."""
        return bool(self.unet.config.time_cond_proj_dim)

    def encode_texts(
        self, prompt: str, negative_prompt: str, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[Conditioning, Conditioning]:
        """The conditional and the unconditional row of one picture; the guidance embedding, if any, is that of scale 1.

        Raises `LoraUnavailable` where the prompt names a LoRA that doesn't fit the model, `ModelUnavailable` where the
        model has no ControlNet or IP-Adapter for the images given.
        """
        text, lora_set = loras.read(prompt)
        self.lora_adapters.apply_to_text_encoders(lora_set)
        with self.prompts.knowing(self.lora_adapters.embeddings(lora_set)):
            pair = self.prompts.encode_pair(text, negative_prompt, settings.clip_skip, lora_set)
        added = stable_diffusion.added_conditioning(self.unet, settings)
        following = self._controls(settings, guides)
        image_prompt, no_image = self._image_prompt(settings, guides)
        style, no_style = self._style(settings, guides)
        embedded = stable_diffusion.guidance_embedding(self.unet, 1.0)
        conditional, unconditional = (
            replace(
                each,
                added={**each.added, **added},
                loras=lora_set,
                controls=following,
                timestep_cond=embedded,
                tile=settings.tile,
            )
            for each in pair
        )
        return (
            replace(conditional, image_prompt=image_prompt, style=style),
            replace(unconditional, image_prompt=no_image, style=no_style),
        )

    def _controls(self, settings: GenerationSettings, guides: ConditioningImages) -> tuple[ControlCondition, ...]:
        """The control images on the device."""
        named = controls.of_pictures(settings.controls, len(guides.controls))
        networks = ControlNets(self.spec, self.controlnets)
        size = settings.width, settings.height
        pixels = [controlnet.control_pixels(each, *size).to(self.device, self.dtype) for each in guides.controls]
        return tuple(
            networks.condition(control, each, settings.control_scale)
            for control, each in zip(named, pixels, strict=True)
        )

    def _image_prompt(
        self, settings: GenerationSettings, guides: ConditioningImages
    ) -> tuple[ImagePrompts, ImagePrompts] | tuple[None, None]:
        """The image prompts' embeddings and the unconditional ones, encoded once for all pictures of a job."""
        if not guides.image_prompts:
            return None, None
        if self.image_prompts is None:
            raise ModelUnavailable(f"{self.spec.name} has no IP-Adapter")
        if (encoded := guides.encoded.get((self.spec.name, self.dtype))) is None:
            encoded = guides.encoded[self.spec.name, self.dtype] = self.image_prompts.encode(guides.prompt_groups)
        scales = guides.weights or (settings.image_prompt_scale,)
        conditional, unconditional = (ImagePrompts(each, scales) for each in encoded)
        return conditional, unconditional

    def _style(
        self, settings: GenerationSettings, guides: ConditioningImages
    ) -> tuple[ImagePrompts, ImagePrompts] | tuple[None, None]:
        """The embeddings of the style image and the unconditional ones, encoded once for all pictures of a job."""
        if guides.style is None:
            return None, None
        if self.image_prompts is None or not self.image_prompts.has_style:
            raise ModelUnavailable(f"{self.spec.name} has no IP-Adapter with layers for style")
        key = self.spec.name, self.dtype, "style"
        if (encoded := guides.encoded.get(key)) is None:
            encoded = guides.encoded[key] = self.image_prompts.encode([[guides.style]])
        conditional, unconditional = (ImagePrompts(each, (settings.style_scale,)) for each in encoded)
        return conditional, unconditional

    def guided(self, pair: tuple[Conditioning, Conditioning], settings: GenerationSettings) -> Sequence[Conditioning]:
        with_prompt, without = pair
        if not self.embeds_guidance:
            return (without, without, with_prompt) if self.is_editing else (without, with_prompt)
        embedded = stable_diffusion.guidance_embedding(self.unet, settings.guidance_scale)
        return (replace(with_prompt, timestep_cond=embedded),)

    def merge(self, predictions: Sequence[torch.Tensor], settings: GenerationSettings) -> torch.Tensor:
        scale, rescale = settings.guidance_scale, settings.guidance_rescale
        if not self.is_editing:
            return guidance.merge(predictions[0], predictions[1], scale, rescale)
        without, with_picture, with_both = predictions
        return guidance.merge_edit(without, with_picture, with_both, scale, self.spec.image_guidance, rescale)

    def emphasis(self, settings: GenerationSettings) -> dict[str, str]:
        words = loras.read(settings.prompt)[0], settings.negative_prompt
        texts = {text for each in words for text in said.texts(each, settings.steps)}
        return self.prompts.emphasis.metadata if any(map(prompt_syntax.has_weights, texts)) else {}

    def knows_few(self, settings: GenerationSettings) -> bool:
        texts = said.texts(loras.read(settings.prompt)[0], settings.steps)
        return bool(self.prompts.readers) and known_words.knows_few(texts, self.prompts.readers[0].tokens_of)

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[Conditioning]) -> torch.Tensor:
        latents, timesteps = latents.to(self.dtype), timesteps.to(torch.float32)
        self._pad(circular=rows[0].tile)
        conditioning, beside = together(rows), {}
        if embedded := [row.timestep_cond for row in rows if row.timestep_cond is not None]:
            beside["timestep_cond"] = torch.cat(embedded)
        if rows[0].controls:
            own, networks = latents[:, : self.latent_channels], ControlNets(self.spec, self.controlnets)
            beside |= networks.residuals(own, timesteps, conditioning, [row.controls for row in rows])
        if self.image_prompts is not None:
            image_prompts = [row.image_prompt for row in rows if row.image_prompt]
            styles = [row.style for row in rows if row.style]
            conditioning |= self.image_prompts.unet_arguments(image_prompts, styles, **conditioning)
        self.lora_adapters.apply_to_unet(rows[0].loras)
        predicted: torch.Tensor = self.unet(latents, timesteps, return_dict=False, **conditioning, **beside)[0]
        return predicted.float()

    def _pad(self, *, circular: bool) -> None:
        """Have the networks pad circularly, or as they were trained. All rows of a forward are alike in this."""
        if circular is not self._is_circular:
            for network in (self.unet, *self.controlnets.values()):
                set_padding(network, circular)
            self._is_circular = circular
