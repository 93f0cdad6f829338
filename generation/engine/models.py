"""Models in memory."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch
from diffusers import StableDiffusionPipeline

from generation.catalogue import Catalogue, ModelSpec, PreviewKind
from generation.engine.previews import LatentPreview, TinyDecoder
from generation.engine.prompts import PromptEncoder
from generation.errors import ModelUnavailable
from generation.events import Preview

log = logging.getLogger(__name__)


@dataclass
class Model:
    """The parts of a Stable Diffusion pipeline, on their device."""

    spec: ModelSpec
    prompts: PromptEncoder
    unet: Any
    vae: Any
    scheduler_config: dict[str, Any]
    preview: LatentPreview
    tiny: TinyDecoder | None
    device: torch.device
    dtype: torch.dtype

    @cached_property
    def hash(self) -> str:
        """The first ten hexadecimal digits of the SHA-256 of the UNet's weights file, or of the model's id."""
        weights = sorted(Path(self.spec.source, "unet").glob("*.safetensors"))
        digest = hashlib.sha256()
        for file in weights:
            digest.update(file.read_bytes())
        if not weights:
            digest.update(self.spec.source.encode())
        return digest.hexdigest()[:10]

    @property
    def latent_channels(self) -> int:
        return int(self.unet.config.out_channels)

    @property
    def is_inpainting(self) -> bool:
        """True where the UNet also takes a mask and the latents of what is masked."""
        return bool(self.unet.config.in_channels == 2 * self.latent_channels + 1)

    def encode(self, pixels: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        """Pixels (n, 3, 8h, 8w), from -1 to 1, to latents (n, channels, h, w). Where the autoencoder knows them only
        roughly, `chance` decides."""
        encoded = self.vae.encode(pixels.to(self.device, self.vae.dtype))
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.sample(chance)
        scaled: torch.Tensor = (latents * self.vae.config.scaling_factor).to(self.dtype)
        return scaled

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (n, channels, h, w) to bytes of red, green and blue, (n, 8h, 8w, 3), on the CPU."""
        scaled = (latents / self.vae.config.scaling_factor).to(self.dtype)
        return _bytes(self.vae.decode(scaled, return_dict=False)[0])

    def frame(self, latents: torch.Tensor) -> Preview:
        """Latents (1, channels, h, w) as a preview of 8h x 8w pixels: by the tiny decoder, where there is one."""
        pixels = (_bytes(self.tiny(latents)) if self.tiny else self.decode(latents))[0]
        height, width, _ = pixels.shape
        return Preview(width, height, pixels.numpy().tobytes(), decoded=True)


def _bytes(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels (n, 3, height, width), from -1 to 1, as bytes (n, height, width, 3) on the CPU."""
    unit = (pixels / 2 + 0.5).clamp(0, 1)
    return (unit.permute(0, 2, 3, 1).float() * 255).round().to(torch.uint8).cpu()


def load(spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> Model:
    """Read a model from its directory or the hub; safetensors only, since pickled weights can run code.

    Raises `ModelUnavailable` with the reason for the log.
    """
    log.info("loading model %s", spec.name)
    try:
        pipeline = StableDiffusionPipeline.from_pretrained(
            spec.source,
            dtype=dtype,
            use_safetensors=True,
            safety_checker=None,
            requires_safety_checker=False,
            local_files_only=Path(spec.source).is_dir(),
        ).to(device)
        tiny = _tiny_decoder(spec, pipeline.vae.config.latent_channels, device, dtype)
    except (OSError, ValueError, RuntimeError) as reason:
        raise ModelUnavailable(f"model {spec.name} cannot be loaded from {spec.source}: {reason}") from reason
    return Model(
        spec=spec,
        prompts=PromptEncoder(pipeline.tokenizer, pipeline.text_encoder.eval()),
        unet=pipeline.unet.eval(),
        vae=pipeline.vae.eval(),
        scheduler_config=dict(pipeline.scheduler.config),
        preview=LatentPreview.fitted_to(pipeline.vae),
        tiny=tiny,
        device=device,
        dtype=dtype,
    )


def _tiny_decoder(spec: ModelSpec, channels: int, device: torch.device, dtype: torch.dtype) -> TinyDecoder | None:
    if spec.preview is not PreviewKind.TINY:
        return None
    return TinyDecoder.read(spec.preview_decoder, channels, device, dtype)


class Shelf:
    """The models in memory, at most `room`; the one used longest ago makes place for a new one."""

    def __init__(self, catalogue: Catalogue, device: torch.device, dtype: torch.dtype, room: int = 1) -> None:
        self._catalogue = catalogue
        self._device = device
        self._dtype = dtype
        self._room = room
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._precise: WeakValueDictionary[str, Model] = WeakValueDictionary()

    def take(self, name: str, on_load: Callable[[], None]) -> Model:
        """The model called `name`; `on_load` is called first where it must be read from disk."""
        if name not in self._models:
            spec = self._catalogue.get(name)
            on_load()
            while len(self._models) >= self._room:
                self._models.popitem(last=False)
            self._models[name] = load(spec, self._device, self._dtype)
        self._models.move_to_end(name)
        return self._models[name]

    def in_float32(self, name: str, on_load: Callable[[], None]) -> Model:
        """A second copy of a model, in float32, for a picture that its own number format cannot hold. It leaves memory
        with the last picture that is drawn with it."""
        model = self._precise.get(name)
        if model is None:
            on_load()
            model = self._precise[name] = load(self._catalogue.get(name), self._device, torch.float32)
        return model
