"""A Stable Diffusion model in memory, and what the step loop calls on it."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from generation import loras, prompt_syntax, sources
from generation.catalogue import ModelSpec
from generation.engine.conditioning import lora_files, stable_diffusion
from generation.engine.conditioning.controlnet import control_pixels
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.ip_adapter import IpAdapter
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.conditioning.text_encoders import Conditioning, ImageCondition, PromptEncoder
from generation.engine.latents.previews import FrameCost, LatentPreview, TinyDecoder
from generation.engine.latents.vae import Autoencoder, Encoded
from generation.errors import ModelUnavailable
from generation.loras import Loras
from generation.pictures import Preview
from generation.settings import GenerationSettings

_CHUNK = 2**22

MEASURED_SIDE = 16
"""Side of the latents that decoding is timed with."""


@dataclass
class Model:
    """The parts of a Stable Diffusion pipeline, on their device."""

    spec: ModelSpec
    weights: Path
    """The folder or the file that it was read from."""
    hash: str
    """Of its weights, by `hash_of`."""
    prompts: PromptEncoder
    unet: Any
    vae: Any
    scheduler_config: dict[str, Any]
    preview: LatentPreview
    tiny: TinyDecoder | None
    device: torch.device
    dtype: torch.dtype
    loras: Loras = field(default_factory=Loras)
    controlnet: Any = None
    image_prompts: IpAdapter | None = None
    frame_cost: FrameCost = field(default_factory=FrameCost)
    pipeline: Any = None
    """diffusers' pipeline of the same parts."""

    @cached_property
    def lora_adapters(self) -> LoraAdapters:
        """Applies LoRAs to the UNet and the text encoders."""
        encoders = [reader.text_encoder for reader in self.prompts.readers]
        parts = {lora_files.UNET: self.unet} | dict(zip(lora_files.TEXT_ENCODERS, encoders, strict=False))
        return LoraAdapters(self.spec.name, parts, self.loras)

    @cached_property
    def autoencoder(self) -> Autoencoder:
        """Encodes pixels and decodes latents."""
        return Autoencoder(self.vae)

    @property
    def latent_channels(self) -> int:
        return int(self.unet.config.out_channels)

    @property
    def is_inpainting(self) -> bool:
        """True where the UNet also takes a mask and the masked image's latents."""
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

    def encode_prompts(
        self, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[Conditioning, Conditioning]:
        """The conditional and the unconditional row of one picture; the guidance embedding, if any, is that of scale 1.

        Raises `LoraUnavailable` where the prompt names a LoRA that doesn't fit the model, `ModelUnavailable` where the
        model has no ControlNet or IP-Adapter for the images given.
        """
        text, lora_set = loras.read(settings.prompt)
        self.lora_adapters.apply_to_text_encoders(lora_set)
        pair = self.prompts.encode_pair(text, settings.negative_prompt, settings.clip_skip, lora_set)
        added = stable_diffusion.added_conditioning(self.unet, settings)
        control, (image_prompt, no_image) = self._control(settings, guides), self._image_prompt(settings, guides)
        embedded = stable_diffusion.guidance_embedding(self.unet, 1.0)
        conditional, unconditional = (
            replace(each, added={**each.added, **added}, loras=lora_set, control=control, timestep_cond=embedded)
            for each in pair
        )
        return replace(conditional, image_prompt=image_prompt), replace(unconditional, image_prompt=no_image)

    def _control(self, settings: GenerationSettings, guides: ConditioningImages) -> ImageCondition | None:
        """The control image on the device."""
        if guides.control is None:
            return None
        if self.controlnet is None:
            raise ModelUnavailable(f"{self.spec.name} has no ControlNet")
        pixels = control_pixels(guides.control, settings.width, settings.height)
        return ImageCondition(pixels.to(self.device, self.dtype), settings.control_scale)

    def _image_prompt(
        self, settings: GenerationSettings, guides: ConditioningImages
    ) -> tuple[ImageCondition, ImageCondition] | tuple[None, None]:
        """The image prompt's embeddings and the unconditional ones, encoded once for all pictures of a job."""
        if not guides.image_prompts:
            return None, None
        if self.image_prompts is None:
            raise ModelUnavailable(f"{self.spec.name} has no IP-Adapter")
        if (encoded := guides.encoded.get((self.spec.name, self.dtype))) is None:
            encoded = guides.encoded[self.spec.name, self.dtype] = self.image_prompts.encode(guides.image_prompts)
        conditional, unconditional = (ImageCondition(each, settings.image_prompt_scale) for each in encoded)
        return conditional, unconditional

    def lora_hashes(self, settings: GenerationSettings) -> dict[str, str]:
        """The hashes of the LoRA files that a prompt names, by LoRA name."""
        return self.lora_adapters.hashes(loras.read(settings.prompt)[1])

    def emphasis(self, settings: GenerationSettings) -> dict[str, str]:
        """The rule by which words of the prompts are weighted, as metadata records it; empty without weights."""
        prompts = loras.read(settings.prompt)[0], settings.negative_prompt
        return self.prompts.emphasis.metadata if any(map(prompt_syntax.has_weights, prompts)) else {}

    def encode(self, pixels: torch.Tensor) -> Encoded:
        """Encode pixels (1, 3, 8h, 8w), from -1 to 1."""
        return self.autoencoder.encode(pixels.to(self.device, self.vae.dtype))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (1, channels, h, w) to RGB bytes, (1, 8h, 8w, 3)."""
        return _bytes(self.autoencoder.decode(latents))

    def decode_in_turns(self, latents: torch.Tensor) -> Generator[None, None, torch.Tensor]:
        """As `decode`, tile by tile: yields after each."""
        return _bytes((yield from self.autoencoder.decode_in_turns(latents)))

    def frame(self, latents: torch.Tensor) -> Preview:
        """Latents (1, channels, h, w) as a preview of 8h x 8w pixels, by the tiny decoder if there is one.

        Raises one of `memory.ERRORS` where memory isn't enough.
        """
        with self.frame_cost.measured(latents):
            pixels = _bytes(self.tiny(latents) if self.tiny else self.autoencoder.decode_at_once(latents))[0].cpu()
        height, width, _ = pixels.shape
        return Preview(width, height, pixels.numpy().tobytes(), decoded=True)

    @torch.inference_mode()
    def measure_frames(self) -> None:
        """Time the decoding of a small frame and picture, so that the first real one can be estimated."""
        nothing = torch.zeros(1, self.latent_channels, MEASURED_SIDE, MEASURED_SIDE, device=self.device)
        for _ in range(2):
            self.frame(nothing)
            if self.tiny:
                self.decode(nothing)


def hash_of(weights: Path, source: str) -> str:
    """The first ten hexadecimal digits of a SHA-256: of a checkpoint, or of a folder's UNet or transformer; where there
    is neither, of the name `source`."""
    files = [weights] if weights.is_file() else []
    for part in ("unet", "transformer"):
        files = files or sorted((weights / part).glob("*.safetensors"))
    if not files:
        return hashlib.sha256(source.encode()).hexdigest()[:10]
    return _hash_of_files(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache
def _hash_of_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Hash files, which takes seconds for a large model; kept while sizes and modification times stay the same."""
    digest = hashlib.sha256()
    for file, *_ in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:10]


def _bytes(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels (n, 3, height, width), from -1 to 1, as bytes (n, height, width, 3)."""
    unit = (pixels / 2 + 0.5).clamp(0, 1)
    return (unit.permute(0, 2, 3, 1).float() * 255).round().to(torch.uint8)
