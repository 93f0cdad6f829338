"""Chroma in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import pytest
from diffusers import ChromaImg2ImgPipeline, ChromaInpaintPipeline

from tests.generation.engine import given
from tests.generation.engine.families import tiny_chroma as tiny
from tests.generation.engine.families.flow import FOX, Flow


def inpainting(**parts: Any) -> Any:
    """diffusers' inpainting, which asks a transformer for an option that none of Chroma has. Unlike the other
    pipelines, it reads 256 tokens unless it is told."""
    parts["transformer"].register_to_config(guidance_embeds=False)
    return ChromaInpaintPipeline(**parts)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("chroma"), tiny.pipeline(), tiny.told)


@pytest.mark.parametrize(
    "changes",
    [{}, {"negative_prompt": "green"}, {"width": 104, "height": 72}, {"guidance_scale": 1.0}],
    ids=str,
)
def test_words(chroma: Flow, changes: dict[str, Any]) -> None:
    chroma.check(replace(FOX, **changes))


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(chroma: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    chroma.check(settings, given.PICTURE, kind=ChromaImg2ImgPipeline, image=given.picture(), strength=strength)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(chroma: Flow, strength: float) -> None:
    chroma.check_masked(inpainting, strength, max_sequence_length=512)


def test_neighbours_change_no_bit(chroma: Flow) -> None:
    chroma.check_neighbours(replace(FOX, negative_prompt="green"))
