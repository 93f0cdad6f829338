"""Our pixels are those of diffusers' own StableDiffusionPipeline, for the same seed and settings."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from diffusers import StableDiffusionPipeline

from generation.settings import GenerationSettings, Sampler, Schedule
from tests.generation.engine.conftest import LoopDriver, pixels
from tests.generation.engine.stock import ONE_PATH, OTHERS, WITHOUT_NOISE, Pixels, Stock


def without_guidance(pipeline: Any, tensors: dict[str, Any], settings: GenerationSettings, step: int) -> dict[str, Any]:
    """Guidance off from `guidance_end` on, the way diffusers' documentation shows it."""
    left_out = settings.guidance_end < 1 and step >= settings.guidance_end * settings.steps
    if left_out and len(tensors["prompt_embeds"]) == 2:
        pipeline._guidance_scale = 0.0
        return {"prompt_embeds": tensors["prompt_embeds"].chunk(2)[-1]}
    return tensors


def drawn_by_stock(stock: Stock, settings: GenerationSettings) -> Pixels:
    return stock.drawn(
        StableDiffusionPipeline,
        settings,
        callback_on_step_end=lambda pipeline, step, _, tensors: without_guidance(pipeline, tensors, settings, step + 1),
        callback_on_step_end_tensor_inputs=["prompt_embeds"],
        width=settings.width,
        height=settings.height,
    )


@pytest.mark.parametrize(
    ("sampler", "clip_skip"),
    [(sampler, 1 + number % 2) for number, sampler in enumerate(WITHOUT_NOISE)] + [*product(OTHERS, [1, 2])],
)
def test_pixels_differ_by_at_most_one(
    stock: Stock, driver: LoopDriver, apple: GenerationSettings, sampler: Sampler, clip_skip: int
) -> None:
    """The samplers without noise of their own meet both clip skips in `test_stock_text_to_image`."""
    settings = replace(apple, sampler=sampler, clip_skip=clip_skip)
    driver.admit(1, settings)
    driver.run()
    [picture] = driver.completed(1).pictures
    assert abs(pixels(picture.png) - drawn_by_stock(stock, settings)).max() <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"guidance_scale": 1.0},
        {"negative_prompt": "green"},
        {"width": 160, "height": 96},
        {"seed": 2**32 - 1},
        {"steps": 25, "prompt": "a cute fox", "guidance_scale": 12.0},
        {"guidance_rescale": 0.7, "guidance_scale": 12.0},
        {"guidance_end": 0.5},
        {"schedule": Schedule.BETA, "sampler": Sampler.UNIPC},
    ],
    ids=str,
)
def test_other_settings_agree_too(
    stock: Stock, driver: LoopDriver, apple: GenerationSettings, changes: dict[str, Any]
) -> None:
    settings = replace(apple, **changes)
    driver.admit(1, settings)
    driver.run()
    [picture] = driver.completed(1).pictures
    assert abs(pixels(picture.png) - drawn_by_stock(stock, settings)).max() <= 1


def test_samplers_without_noise_of_their_own_come_to_one_picture(driver: LoopDriver, apple: GenerationSettings) -> None:
    for job_id, sampler in enumerate(WITHOUT_NOISE):
        driver.admit(job_id, replace(apple, steps=30, guidance_scale=1.0, sampler=sampler))
    driver.run()
    euler, *others = (driver.pixels(job_id) for job_id in range(len(WITHOUT_NOISE)))
    apart = {str(sampler): abs(other - euler).mean() for sampler, other in zip(ONE_PATH, others, strict=True)}
    assert max(apart.values()) < 4, apart


def test_the_plain_prompt_path_of_the_stock_pipeline_is_clip_skip_one(
    stock: Stock, driver: LoopDriver, apple: GenerationSettings
) -> None:
    settings = replace(apple, width=128, height=128)
    expected = stock.drawn(StableDiffusionPipeline, settings, embed=False, width=128, height=128)
    driver.admit(1, settings)
    driver.run()
    [picture] = driver.completed(1).pictures
    assert abs(pixels(picture.png) - expected).max() <= 1


@pytest.mark.parametrize("sampler", OTHERS)
def test_among_seven_strangers_the_pixels_are_the_stock_pipeline_s_too(
    stock: Stock, driver: LoopDriver, apple: GenerationSettings, sampler: Sampler
) -> None:
    asked = replace(apple, sampler=sampler)
    for stranger in range(2, 9):
        driver.admit(stranger, replace(apple, prompt=f"{stranger} cats", seed=stranger, steps=1 + stranger % 4))
    driver.loop.step()
    driver.admit(1, asked)
    driver.run()
    [picture] = driver.completed(1).pictures
    assert abs(pixels(picture.png) - drawn_by_stock(stock, asked)).max() <= 1
