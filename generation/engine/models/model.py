"""A model in memory: the parts of a Stable Diffusion pipeline, and what is asked of them."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from generation import loras
from generation.catalogue import ModelSpec
from generation.engine.conditioning import lora_files, stable_diffusion
from generation.engine.conditioning.controlnet import control_pixels
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.ip_adapter import IpAdapter
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.conditioning.text_encoders import Conditioning, Guide, PromptEncoder
from generation.engine.latents.previews import FrameCost, LatentPreview, TinyDecoder
from generation.engine.latents.vae import Autoencoder, Encoded
from generation.errors import ModelUnavailable
from generation.loras import Loras
from generation.pictures import Preview
from generation.settings import GenerationSettings

_CHUNK = 2**22

MEASURED_SIDE = 16
"""Latents each way."""


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
    """diffusers' own pipeline of the same parts, which knows how to read what is laid over them."""

    @cached_property
    def lora_adapters(self) -> LoraAdapters:
        """What puts LoRAs on, and takes them off."""
        encoders = [reader.text_encoder for reader in self.prompts.readers]
        parts = {lora_files.UNET: self.unet} | dict(zip(lora_files.TEXT_ENCODERS, encoders, strict=False))
        return LoraAdapters(self.spec.name, parts, self.loras)

    @cached_property
    def autoencoder(self) -> Autoencoder:
        """What goes between pixels and latents."""
        return Autoencoder(self.vae)

    @property
    def latent_channels(self) -> int:
        return int(self.unet.config.out_channels)

    @property
    def is_inpainting(self) -> bool:
        """True where the UNet also takes a mask and the latents of what is masked."""
        return bool(self.unet.config.in_channels == 2 * self.latent_channels + 1)

    @property
    def is_told_guidance(self) -> bool:
        """True where the UNet guides by itself, told the scale, so that a picture needs no row without the prompt."""
        return bool(self.unet.config.time_cond_proj_dim)

    def listen(
        self, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[Conditioning, Conditioning]:
        """What the rows of one picture listen to: with the prompt, and without. A UNet that is told the guidance scale
        hears of 1.

        Raises `LoraUnavailable` where the prompt names a LoRA that the model cannot wear.
        """
        words, worn = loras.read(settings.prompt)
        self.lora_adapters.wear_to_listen(worn)
        pair = self.prompts.encode_pair(words, settings.negative_prompt, settings.clip_skip, worn)
        beside = stable_diffusion.beside_the_text(self.unet, settings)
        look, (heard, silence) = self._look(settings, guides), self._hear(settings, guides)
        told = stable_diffusion.told_guidance(self.unet, 1.0)
        with_prompt, without = (
            replace(each, added={**each.added, **beside}, worn=worn, look=look, told=told) for each in pair
        )
        return replace(with_prompt, heard=heard), replace(without, heard=silence)

    def _look(self, settings: GenerationSettings, guides: ConditioningImages) -> Guide | None:
        """What the ControlNet looks at."""
        if guides.control is None:
            return None
        if self.controlnet is None:
            raise ModelUnavailable(f"{self.spec.name} has no ControlNet")
        pixels = control_pixels(guides.control, settings.width, settings.height)
        return Guide(pixels.to(self.device, self.dtype), settings.control_scale)

    def _hear(
        self, settings: GenerationSettings, guides: ConditioningImages
    ) -> tuple[Guide, Guide] | tuple[None, None]:
        """What the IP-Adapter hears in the pictures, and in none; once for all that is drawn by them."""
        if not guides.image_prompts:
            return None, None
        if self.image_prompts is None:
            raise ModelUnavailable(f"{self.spec.name} has no IP-Adapter")
        if (heard := guides.heard.get((self.spec.name, self.dtype))) is None:
            heard = guides.heard[self.spec.name, self.dtype] = self.image_prompts.hear(guides.image_prompts)
        in_pictures, in_none = heard
        return Guide(in_pictures, settings.image_prompt_scale), Guide(in_none, settings.image_prompt_scale)

    def lora_hashes(self, settings: GenerationSettings) -> dict[str, str]:
        """Of the files of the LoRAs that a prompt names, by their names."""
        return self.lora_adapters.hashes(loras.read(settings.prompt)[1])

    def encode(self, pixels: torch.Tensor) -> Encoded:
        """Pixels (1, 3, 8h, 8w), from -1 to 1, to what their latents are."""
        return self.autoencoder.encode(pixels.to(self.device, self.vae.dtype))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (1, channels, h, w) to bytes of red, green and blue, (1, 8h, 8w, 3)."""
        return _bytes(self.autoencoder.decode(latents))

    def decode_in_turns(self, latents: torch.Tensor) -> Generator[None, None, torch.Tensor]:
        """The same in slices, for what the autoencoder decodes slowly."""
        return _bytes((yield from self.autoencoder.decode_in_turns(latents)))

    def frame(self, latents: torch.Tensor) -> Preview:
        """Latents (1, channels, h, w) as a preview of 8h x 8w pixels: by the tiny decoder, where there is one. It fails
        where memory is not enough for that."""
        with self.frame_cost.measured(latents):
            pixels = _bytes(self.tiny(latents) if self.tiny else self.autoencoder.decode_at_once(latents))[0].cpu()
        height, width, _ = pixels.shape
        return Preview(width, height, pixels.numpy().tobytes(), decoded=True)

    @torch.inference_mode()
    def measure_frames(self) -> None:
        """Find out what a frame costs, and a picture, on small ones, so that the first can be counted beforehand."""
        nothing = torch.zeros(1, self.latent_channels, MEASURED_SIDE, MEASURED_SIDE, device=self.device)
        for _ in range(2):
            self.frame(nothing)
            if self.tiny:
                self.decode(nothing)


def hash_of(weights: Path, source: str) -> str:
    """The first ten hexadecimal digits of the SHA-256 of what draws: a checkpoint, or the files of a folder's UNet or
    transformer; where there is neither, of the `source`'s name."""
    files = [weights] if weights.is_file() else []
    for part in ("unet", "transformer"):
        files = files or sorted((weights / part).glob("*.safetensors"))
    if not files:
        return hashlib.sha256(source.encode()).hexdigest()[:10]
    return _hash_of_files(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache
def _hash_of_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Read once, for as long as neither sizes nor times of writing change: it takes seconds for a large model."""
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
