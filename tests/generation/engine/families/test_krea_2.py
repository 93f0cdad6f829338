"""Krea 2 in the running batch: the pixels of diffusers' own pipeline."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from generation.settings import GenerationSettings
from tests.generation.engine import given
from tests.generation.engine.families import tiny_krea_2 as tiny
from tests.generation.engine.families.flow import FOX, Flow
from tests.generation.engine.families.started import pixels, started

UNGUIDED = replace(FOX, guidance_scale=1.0)


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes: its scale is 0 where there is no guidance."""
    return {"guidance_scale": settings.guidance_scale - 1, "negative_prompt": settings.negative_prompt or None}


@pytest.fixture(scope="module")
def krea(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("krea"), tiny.pipeline(is_distilled=False), told)


@pytest.fixture(scope="module")
def turbo(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("turbo"), tiny.pipeline(is_distilled=True), told)


@pytest.mark.parametrize(
    "changes", [{}, {"negative_prompt": "green"}, {"guidance_scale": 1.0}, {"width": 104, "height": 72}], ids=str
)
def test_words(krea: Flow, changes: dict[str, Any]) -> None:
    krea.check(replace(FOX, **changes))


def test_words_without_guidance(turbo: Flow) -> None:
    turbo.check(UNGUIDED)


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(krea: Flow, strength: float) -> None:
    """The pipeline takes none, but its starting latents."""
    settings = replace(FOX, denoising_strength=strength)
    krea.check(settings, given.PICTURE, **begun(krea, settings))


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(turbo: Flow, strength: float) -> None:
    settings = replace(UNGUIDED, denoising_strength=strength)
    turbo.check(settings, given.MASKED, given.WELL_INSIDE, **begun(turbo, settings, masked=True))


@torch.inference_mode()
def begun(flow: Flow, settings: GenerationSettings, *, masked: bool = False) -> dict[str, Any]:
    pipeline, chance = flow.model.family.pipeline, torch.Generator().manual_seed(settings.seed)
    config = pipeline.vae.config
    mean, deviation = (torch.tensor(each).view(1, -1, 1, 1) for each in (config.latents_mean, config.latents_std))
    encoded = pipeline.vae.encode(pixels()[:, :, None]).latent_dist.sample(chance)[:, :, 0]
    known = (encoded - mean) / deviation
    noise = torch.randn(known.shape, generator=chance)

    def tokens(latents: torch.Tensor) -> torch.Tensor:
        packed: torch.Tensor = pipeline._pack_latents(latents, *latents.shape)
        return packed

    start = started(flow, settings, known, noise, tokens, masked=masked)
    return start | {"latents": tokens(start["latents"])}
