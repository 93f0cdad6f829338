"""Stable Diffusion 2.x and XL: the pixels of diffusers' own pipelines, alone and among strangers."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import AutoPipelineForText2Image

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.latents import scaling
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import OTHERS, Stock

CPU = torch.device("cpu")


@pytest.fixture
def fox() -> GenerationSettings:
    """At Stable Diffusion XL's own clip skip."""
    return GenerationSettings(
        "a fox", seed=3, model="xl", width=64, height=64, steps=6, guidance_scale=5.0, clip_skip=2
    )


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize("sampler", OTHERS)
def test_every_sampler_with_noise_of_its_own_alone_and_among_strangers(
    family_cache: ModelCache, stock: Stock, fox: GenerationSettings, model: str, sampler: Sampler
) -> None:
    asked = replace(fox, model=model, sampler=sampler)
    wanted = stock.drawn(AutoPipelineForText2Image, asked, width=64, height=64)
    assert wanted.std() > 5, "a picture that says something"
    assert abs(LoopDriver(family_cache).drawn(asked) - wanted).max() <= 1
    crowd = LoopDriver(family_cache)
    for stranger in range(2, 9):
        other = replace(asked, prompt=f"{stranger} cats", seed=stranger, steps=1 + stranger % 4, sampler=Sampler.EULER)
        crowd.admit(stranger, other)
    crowd.loop.step()
    assert abs(crowd.drawn(asked) - wanted).max() <= 1


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize(
    "changes",
    [
        {"negative_prompt": "green"},
        {"guidance_rescale": 0.7},
        {"width": 96, "height": 64},
    ],
    ids=str,
)
def test_other_settings_agree_too(
    family_cache: ModelCache, stock: Stock, fox: GenerationSettings, model: str, changes: dict[str, Any]
) -> None:
    asked = replace(fox, model=model, sampler=Sampler.DDIM, **changes)
    size: dict[str, Any] = {"width": asked.width, "height": asked.height}
    assert abs(LoopDriver(family_cache).drawn(asked) - stock.drawn(AutoPipelineForText2Image, asked, **size)).max() <= 1


@pytest.mark.parametrize(("model", "clip_skip"), [("two", 1), ("xl", 2)])
@pytest.mark.parametrize("negative", ["", "green"])
def test_plain_words_are_read_as_the_stock_pipeline_reads_them(
    family_cache: ModelCache, stock: Stock, fox: GenerationSettings, model: str, clip_skip: int, negative: str
) -> None:
    asked = replace(fox, model=model, clip_skip=clip_skip, negative_prompt=negative)
    wanted = stock.drawn(AutoPipelineForText2Image, asked, embed=False, width=64, height=64)
    assert abs(LoopDriver(family_cache).drawn(asked) - wanted).max() <= 1


def test_a_refinement_is_told_its_own_size(family_cache: ModelCache, fox: GenerationSettings) -> None:
    model = family_cache.take("xl", lambda share: None)
    with_prompt, without = model.encode_prompts(replace(fox, hires_factor=1.5).refinement)
    assert with_prompt.added["time_ids"].tolist() == [[96, 96, 0, 0, 96, 96]]
    assert without.added.keys() == with_prompt.added.keys() == {"text_embeds", "time_ids"}
    wide, _ = model.encode_prompts(replace(fox, width=128))
    assert wide.added["time_ids"].tolist() == [[64, 128, 0, 0, 64, 128]]


def test_long_prompts_are_read_to_their_end_by_both_encoders(family_cache: ModelCache, fox: GenerationSettings) -> None:
    long = "a red apple " + "very " * 60
    blue, yellow = (LoopDriver(family_cache).drawn(replace(fox, prompt=long + colour)) for colour in ("blue", "yellow"))
    assert abs(blue - yellow).max() > 1


def test_an_autoencoder_that_half_precision_breaks_stays_in_float32(
    family_cache: ModelCache, fox: GenerationSettings
) -> None:
    source = family_cache.take("xl", lambda share: None).spec.source
    half = ModelCache(Catalogue([ModelSpec("xl", source, width=64, height=64)]), CPU, torch.float16).take(
        "xl", lambda share: None
    )
    assert (half.unet.dtype, half.vae.dtype) == (torch.float16, torch.float32)
    latents = torch.zeros((1, 4, 8, 8), dtype=torch.float16)
    with torch.inference_mode():
        assert half.decode(latents).shape == (1, 64, 64, 3)
        assert half.encode(torch.zeros((1, 3, 64, 64))).latents(torch.Generator()).dtype == torch.float32


def test_statistics_of_the_latents_are_heeded(family_cache: ModelCache) -> None:
    model = family_cache.take("xl", lambda share: None)
    config = {**model.vae.config, "latents_mean": [0.1, 0.2, 0.3, 0.4], "latents_std": [1.0, 2.0, 3.0, 4.0]}
    latents = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0))
    own = scaling.unscaled(latents, type("Config", (), config))
    assert torch.allclose(own[0, 1], latents[0, 1] * 2.0 / config["scaling_factor"] + 0.2)
    assert torch.allclose(scaling.scaled(own, type("Config", (), config)), latents, atol=1e-5)
