"""A model of the running batch: what the step loop calls on it, of whatever family it is."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from generation.catalogue import ModelSpec
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.conditioning.rows import Row
from generation.engine.latents.previews import FrameCost, LatentPreview, TinyDecoder
from generation.engine.latents.vae import Autoencoder, Encoded
from generation.jobs import Inputs
from generation.loras import Loras, read
from generation.pictures import Preview
from generation.plans import EVERYTHING, Plan
from generation.settings import PIXELS_PER_LATENT, GenerationSettings

MEASURED_SIDE = 16
"""Side of the latents that decoding is timed with."""


AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(kw_only=True)
class BatchedModel(ABC, Generic[AnyRow]):
    """The parts that all such models have, on their device."""

    spec: ModelSpec
    weights: Path
    """The folder or the file that it was read from."""
    hash: str
    """Of its weights, by `hash_of`."""
    vae: Any
    scheduler_config: dict[str, Any]
    preview: LatentPreview
    tiny: TinyDecoder | None
    device: torch.device
    dtype: torch.dtype
    loras: Loras = field(default_factory=Loras)
    frame_cost: FrameCost = field(default_factory=FrameCost)
    pipeline: Any = None
    """diffusers' pipeline of the same parts."""
    plan: Plan = EVERYTHING
    """Where its parts are."""

    # What each family does in its own way.

    @property
    @abstractmethod
    def latent_channels(self) -> int:
        """Channels of the latents that are denoised."""

    @property
    def pixels_per_latent(self) -> int:
        """How many pixels each way one latent stands for."""
        return PIXELS_PER_LATENT

    @property
    def is_inpainting(self) -> bool:
        """True where the network also takes a mask and the masked image's latents."""
        return False

    @property
    def is_editing(self) -> bool:
        """True where the network also takes the latents of a picture to edit."""
        return False

    @property
    def scales_edited(self) -> bool:
        """True where the latents of the picture to edit are scaled."""
        return False

    @property
    @abstractmethod
    def mergeable(self) -> bool:
        """True where LoRAs can be merged into the weights of the denoising network; else they are applied beside."""

    @property
    @abstractmethod
    def lora_adapters(self) -> LoraAdapters:
        """Applies LoRAs to the networks."""

    def starts_from(self, inputs: Inputs) -> tuple[Inputs, Inputs]:
        """The pictures that a job starts from, and those that it is conditioned on."""
        return inputs, inputs

    def encode_prompts(
        self, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[AnyRow, AnyRow]:
        """The rows of one picture for its prompts as they are; see `encode_texts`."""
        return self.encode_texts(settings.prompt, settings.negative_prompt, settings, guides)

    @abstractmethod
    def encode_texts(
        self, prompt: str, negative_prompt: str, settings: GenerationSettings, guides: ConditioningImages = NO_GUIDES
    ) -> tuple[AnyRow, AnyRow]:
        """The conditional and the unconditional row of one picture for these prompts, both without guidance.

        Raises `LoraUnavailable` where the prompt names a LoRA that doesn't fit the model, `ModelUnavailable` where the
        model doesn't support the images given.
        """

    def emphasis(self, settings: GenerationSettings) -> dict[str, str]:
        """The rule by which words of the prompts are weighted, as metadata records it; empty without weights."""
        return {}

    def knows_few(self, settings: GenerationSettings) -> bool:
        """True where the tokenizer does not know most of the prompt's words; False for one that has no such words."""
        return False

    @abstractmethod
    def guided(self, pair: tuple[AnyRow, AnyRow], settings: GenerationSettings) -> Sequence[AnyRow]:
        """The rows of a forward with guidance: the conditional one last, and first the unconditional one where
        guidance is by several predictions. An edit has two of those: one without the picture to edit, and one with
        it."""

    @abstractmethod
    def merge(self, predictions: Sequence[torch.Tensor], settings: GenerationSettings) -> torch.Tensor:
        """The guided prediction of those of the rows of `guided`, which are several; all are (1, channels, h, w)."""

    @abstractmethod
    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[AnyRow]) -> torch.Tensor:
        """The network's prediction for each row, (rows, channels, h, w), in float32.

        `latents` are (rows, input channels, h, w), `timesteps` (rows,); all rows have one shape.
        """

    @property
    def one_by_one(self) -> bool:
        """True where one picture is drawn after the other, since the network remembers what it did for it."""
        return bool(self.spec.cache)

    def begin_picture(self, settings: GenerationSettings, rows: Sequence[AnyRow]) -> None:
        """Told before the first forward of a picture, with all rows that it may predict."""

    def end_pictures(self) -> None:
        """Told after the last forward of a picture, and when a job ends."""

    # What all do alike.

    @cached_property
    def autoencoder(self) -> Autoencoder:
        """Encodes pixels and decodes latents."""
        return Autoencoder(self.vae, self.pixels_per_latent, cut=self.plan.tiles)

    def lora_hashes(self, settings: GenerationSettings) -> dict[str, str]:
        """The hashes of the LoRA files that a prompt names, by LoRA name."""
        return self.lora_adapters.hashes(read(settings.prompt)[1])

    def encode(self, pixels: torch.Tensor) -> Encoded:
        """Encode pixels (1, 3, height, width), from -1 to 1."""
        return self.autoencoder.encode(pixels.to(self.device, self.vae.dtype))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (1, channels, h, w) to RGB bytes, (1, height, width, 3)."""
        return _bytes(self.autoencoder.decode(latents))

    def decode_in_turns(self, latents: torch.Tensor) -> Generator[None, None, torch.Tensor]:
        """As `decode`, tile by tile: yields after each."""
        return _bytes((yield from self.autoencoder.decode_in_turns(latents)))

    def frame(self, latents: torch.Tensor) -> Preview:
        """Latents (1, channels, h, w) as a preview of all pixels, by the tiny decoder if there is one.

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


AnyBatchedModel = BatchedModel[Any]
"""A model of whatever family."""


def _bytes(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels (n, 3, height, width), from -1 to 1, as bytes (n, height, width, 3)."""
    unit = (pixels / 2 + 0.5).clamp(0, 1)
    return (unit.permute(0, 2, 3, 1).float() * 255).round().to(torch.uint8)
