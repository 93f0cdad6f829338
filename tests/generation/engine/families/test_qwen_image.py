"""Qwen-Image in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import numpy
import pytest
from diffusers import QwenImageImg2ImgPipeline, QwenImageInpaintPipeline

from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.settings import GenerationSettings
from tests.generation.engine import given
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import tiny_qwen_image as tiny
from tests.generation.engine.families.flow import FOX, OTHERS, Flow

LONG = "a street with far more red lanterns than anybody could ever count in such a rain"


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes: it guides only where there is a negative prompt, which may say nothing."""
    return {"true_cfg_scale": settings.guidance_scale, "negative_prompt": settings.negative_prompt or " "}


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("qwen"), tiny.pipeline(), told)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"negative_prompt": "green"},
        {"negative_prompt": LONG},
        {"guidance_scale": 1.0},
        {"width": 104, "height": 72},
    ],
    ids=str,
)
def test_words(qwen: Flow, changes: dict[str, Any]) -> None:
    qwen.check(replace(FOX, **changes))


def test_prompts_of_other_lengths_share_a_forward(qwen: Flow) -> None:
    rows = [qwen.model.encode_prompts(settings)[0] for settings in (FOX, *OTHERS)]
    masks = [row.text["encoder_hidden_states_mask"] for row in rows]
    assert len({int(mask.sum()) for mask in masks}) == len(masks)
    assert [mask.shape[1] for mask in masks] == [64, 64, 64, 128]


def test_a_strict_batch_draws_the_same_whatever_is_beside(qwen: Flow) -> None:
    settings = replace(FOX, negative_prompt=LONG)
    alone, crowded = (LoopDriver(qwen.cache, BatchSizing(4, strict=True)) for _ in range(2))
    for job_id, other in enumerate(OTHERS, start=2):
        crowded.admit(job_id, other)
    assert numpy.array_equal(alone.drawn(settings), crowded.drawn(settings))


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(qwen: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    qwen.check(settings, given.PICTURE, kind=QwenImageImg2ImgPipeline, image=given.picture(), strength=strength)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(qwen: Flow, strength: float) -> None:
    qwen.check_masked(QwenImageInpaintPipeline, strength)


def test_a_prompt_that_is_too_long(qwen: Flow) -> None:
    """Its end is cut off as in the pipeline, and is told."""
    long = "fox " * 200
    qwen.check(replace(FOX, prompt=long))
    assert "fox " * 50 in qwen.model.encode_prompts(replace(FOX, prompt=long))[0].unread
