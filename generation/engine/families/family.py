"""What the step loop needs to know of a family of flow-matching models (Lipman et al., arXiv 2210.02747)."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy
import torch
from PIL import Image

from generation.engine.conditioning import guidance
from generation.engine.conditioning.unread_words import PromptWatch
from generation.engine.families.rows import FlowRow
from generation.engine.latents import scaling
from generation.pipelines import Guidance
from generation.settings import PIXELS_PER_LATENT, GenerationSettings


@dataclass(frozen=True)
class NoiseLevels:
    """The noise levels of a picture, in a fresh scheduler of the model's own kind."""

    scheduler: Any

    @property
    def timesteps(self) -> torch.Tensor:
        """What the transformer is told, (steps,)."""
        timesteps: torch.Tensor = self.scheduler.timesteps
        return timesteps

    @property
    def sigmas(self) -> torch.Tensor:
        """The noise's share of the mixture, from 1 down to 0, (steps + 1,)."""
        sigmas: torch.Tensor = self.scheduler.sigmas
        return sigmas

    @property
    def steps(self) -> int:
        return len(self.timesteps)


class FlowFamily(ABC):
    """A family of models, around the networks of one of them, which are those of diffusers' `pipeline`.

    Latents are (rows, channels, h, w) at the scale in which noise has variance 1, whatever form the transformer takes
    them in.
    """

    pipelines: ClassVar[tuple[str, ...]]
    """The classes of diffusers' pipelines whose models it runs."""
    pixels_per_latent: ClassVar[int] = PIXELS_PER_LATENT
    pixels_per_token: ClassVar[int] = 2 * PIXELS_PER_LATENT
    """Pixels each way that one token of the transformer stands for; sizes are multiples of it."""
    references: ClassVar[int] = 0
    """The most reference pictures that a prompt can come with."""

    starts_from_middle: ClassVar[bool] = False
    """True where the pipelines start from the middle of a start picture's distribution, without random numbers."""

    no_words: ClassVar[str] = ""
    """What is read in the place of an empty negative prompt."""
    text_sees_references: ClassVar[bool] = False
    """True where the text encoder reads the prompt together with the reference pictures."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    @property
    def transformer(self) -> Any:
        return self.pipeline.transformer

    @property
    def autoencoder(self) -> Any:
        """An autoencoder of latents (n, channels, h, w), with the interface of diffusers' `AutoencoderKL`."""
        return self.pipeline.vae

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        return int(self.autoencoder.config.latent_channels)

    @property
    def guidance(self) -> Guidance:
        """How the guidance scale reaches the model, where there is no negative prompt."""
        return Guidance.TWO_PREDICTIONS

    def encode(self, prompt: str, references: Sequence[Image.Image] = ()) -> FlowRow:
        """The row of a prompt, by the pipeline's own text encoders; what they do not read is noted."""
        watch = PromptWatch(prompt)
        watched = copy.copy(self.pipeline)
        watch.watch(watched)
        return FlowRow(self.embedded(watched, prompt, references), unread=watch.unread)

    def instructed(self, prompt: str) -> str:
        """A prompt with the words that are put before it, and not before a negative prompt."""
        return prompt

    @abstractmethod
    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        """A prompt as arguments of the transformer, (1, ...) each, by a copy of the pipeline. Only a family whose text
        encoder sees them gets the reference pictures."""

    def fitted(self, reference: Image.Image) -> Image.Image:
        """A reference picture at the size in which the model takes it."""
        raise NotImplementedError

    def latents_of(self, reference: Image.Image) -> torch.Tensor:
        """A reference picture as latents, (1, channels, h, w): the middle of the autoencoder's distribution."""
        fitted, network = self.fitted(reference), self.autoencoder
        pixels = torch.from_numpy(numpy.asarray(fitted, dtype=numpy.float32) / 255).permute(2, 0, 1)[None] * 2 - 1
        encoded = network.encode(pixels.to(self.device, network.dtype)).latent_dist.mode()
        return scaling.scaled(encoded, network.config)

    @abstractmethod
    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        """The velocity from picture to noise, (rows, channels, h, w), for latents of that shape, in the transformer's
        number format. `timesteps` are (rows,), from 1000 down to 0; all rows have one shape."""

    def merge(self, without: torch.Tensor, with_prompt: torch.Tensor, scale: float) -> torch.Tensor:
        """The guided prediction of two, (1, channels, h, w)."""
        return guidance.merge(without, with_prompt, scale)

    def noise_levels(self, settings: GenerationSettings) -> NoiseLevels:
        """The noise levels of a picture: from 1 down in even steps, shifted as the model's config says for the number
        of tokens (Esser et al., arXiv 2403.03206, section 5.3.2)."""
        scheduler = type(self.pipeline.scheduler).from_config(self.pipeline.scheduler.config)
        tokens = (settings.width // self.pixels_per_token) * (settings.height // self.pixels_per_token)
        self.set_timesteps(scheduler, settings.steps, tokens)
        return NoiseLevels(scheduler)

    def set_timesteps(self, scheduler: Any, steps: int, tokens: int) -> None:
        """Set the timesteps of a scheduler for a picture of so many tokens."""
        scheduler.set_timesteps(
            sigmas=numpy.linspace(1.0, 1 / steps, steps), mu=shift(tokens, scheduler.config), device=self.device
        )

    @property
    def device(self) -> torch.device:
        device: torch.device = self.pipeline._execution_device
        return device


def shift(tokens: int, config: Any) -> float:
    """The shift `mu` for a number of tokens: on the line through the two that the scheduler's config names."""
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    least, most = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (most - least) / (high - low)
    return float(tokens * slope + (least - low * slope))


def packed(latents: torch.Tensor) -> torch.Tensor:
    """Latents (rows, c, h, w) as tokens of two by two, (rows, h/2 * w/2, 4c): each has its channels one by one."""
    rows, channels, height, width = latents.shape
    patches = latents.view(rows, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(rows, (height // 2) * (width // 2), channels * 4)


def unpacked(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The reverse of `packed`, for latents of `height` x `width`."""
    rows, _, four = tokens.shape
    patches = tokens.view(rows, height // 2, width // 2, four // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return patches.reshape(rows, four // 4, height, width)
