"""Stable Diffusion 3.5 in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import pytest
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    StableDiffusion3Img2ImgPipeline,
    StableDiffusion3InpaintPipeline,
)

from tests.generation.engine import given
from tests.generation.engine.families import tiny_stable_diffusion_3 as tiny
from tests.generation.engine.families.flow import FOX, Flow
from tests.generation.engine.families.unread import check_unread


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("three"), tiny.pipeline(), tiny.told)


@pytest.mark.parametrize(
    "changes",
    [{}, {"negative_prompt": "green"}, {"width": 104, "height": 72}, {"guidance_scale": 1.0}],
    ids=str,
)
def test_words(three: Flow, changes: dict[str, Any]) -> None:
    three.check(replace(FOX, **changes))


def test_words_beyond_the_longest_window_are_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """That of CLIP, where there is no T5."""
    three = Flow(tmp_path_factory.mktemp("three"), tiny.pipeline(t5=False), tiny.told)
    check_unread(three, three.read.tokenizer, read=three.read.tokenizer.model_max_length - 2)


def test_emphasis_stays_plain(three: Flow) -> None:
    three.check(replace(FOX, prompt="a (fox:1.3) [hat]"))


def test_words_without_t5_and_with_a_shift_that_grows_with_the_picture(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=64)
    folder = tmp_path_factory.mktemp("three")
    Flow(folder, tiny.pipeline(scheduler=scheduler, t5=False), tiny.told).check(FOX)


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(three: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    three.check(settings, given.PICTURE, kind=StableDiffusion3Img2ImgPipeline, image=given.picture(), strength=strength)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Without a shift of latents, which diffusers' inpainting forgets when it decodes, unlike its other pipelines."""
    return Flow(tmp_path_factory.mktemp("plain"), tiny.pipeline(shift_factor=0.0), tiny.told)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(plain: Flow, strength: float) -> None:
    plain.check_masked(StableDiffusion3InpaintPipeline, strength)


def test_neighbours_change_no_bit(three: Flow) -> None:
    three.check_neighbours(replace(FOX, negative_prompt="green"))
