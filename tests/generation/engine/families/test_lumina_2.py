"""Lumina 2 in the running batch: the pixels of diffusers' own pipeline."""

from dataclasses import replace
from typing import Any

import numpy
import pytest
import torch

from generation.engine.denoising import inpainting
from generation.engine.denoising.init_image import InitImage
from generation.engine.latents import scaling
from generation.settings import GenerationSettings
from tests.generation.engine import given
from tests.generation.engine.families import tiny_lumina_2 as tiny
from tests.generation.engine.families.flow import FOX, Flow


@pytest.fixture(scope="module")
def lumina(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("lumina"), tiny.pipeline(shift=6.0), tiny.told)


@pytest.mark.parametrize(
    "changes",
    [{}, {"negative_prompt": "green"}, {"width": 104, "height": 72}, {"guidance_scale": 1.0}],
    ids=str,
)
def test_words(lumina: Flow, changes: dict[str, Any]) -> None:
    lumina.check(replace(FOX, **changes))


def test_words_with_a_shift_that_the_number_of_channels_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    moved = tiny.pipeline(use_dynamic_shifting=True, base_image_seq_len=2, max_image_seq_len=32)
    Flow(tmp_path_factory.mktemp("moved"), moved, tiny.told).check(FOX)


class Started:
    """The pipeline's own picture from a start picture, as its arguments, since diffusers has no pipeline for that: it
    begins at the noise level of a strength, and after each step the part outside a mask is laid over."""

    def __init__(self, flow: Flow, settings: GenerationSettings) -> None:
        skipped = settings.steps - int(settings.steps * settings.denoising_strength)
        self.levels = numpy.linspace(1, 1 / settings.steps, settings.steps)[skipped:]
        scheduler = flow.model.family.noise_levels(settings).scheduler
        self.sigmas: torch.Tensor = scheduler.sigmas[skipped:]
        chance = torch.Generator("cpu").manual_seed(settings.seed)
        image = InitImage(given.picture(), given.mask())
        with torch.inference_mode():
            known = flow.model.vae.encode(image.pixels()).latent_dist.sample(chance)
        self.known = scaling.scaled(known, flow.model.vae.config)
        self.noise = torch.randn(self.known.shape, generator=chance)
        self.drawn = inpainting.on_latents(image.drawn(), self.known)

    def noised(self, step: int) -> torch.Tensor:
        return torch.lerp(self.known, self.noise, self.sigmas[step])

    def over(self, _: Any, step: int, __: Any, now: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"latents": torch.where(self.drawn > 0, now["latents"], self.noised(step + 1))}

    @property
    def arguments(self) -> dict[str, Any]:
        return {"latents": self.noised(0), "sigmas": self.levels}


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(lumina: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    lumina.check(settings, given.PICTURE, **Started(lumina, settings).arguments)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(lumina: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    begun = Started(lumina, settings)
    lumina.check(settings, given.MASKED, given.WELL_INSIDE, callback_on_step_end=begun.over, **begun.arguments)


def test_neighbours_change_no_bit(lumina: Flow) -> None:
    lumina.check_neighbours(replace(FOX, negative_prompt="green"))


def test_the_end_that_is_not_read_is_that_of_the_prompt(lumina: Flow) -> None:
    """Its instruction takes a part of the 256 tokens that are read."""
    row, _ = lumina.model.encode_prompts(replace(FOX, prompt="fox " * 60 + "hat"))
    assert row.unread.endswith("fox hat")
    assert 0 < len(row.unread) < len("fox " * 60)
