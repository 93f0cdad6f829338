"""FLUX.1 in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import numpy
import pytest
from diffusers import FluxImg2ImgPipeline, FluxInpaintPipeline, FluxKontextInpaintPipeline, FluxKontextPipeline
from diffusers.pipelines.flux import pipeline_flux_kontext, pipeline_flux_kontext_inpaint

from generation.settings import GenerationSettings
from tests.generation.engine import given, tiny
from tests.generation.engine.families.flow import FOX, Flow
from tests.generation.engine.families.unread import check_unread


def told(settings: GenerationSettings) -> dict[str, Any]:
    """What the pipeline takes: the scale, and with a negative prompt true guidance by the same."""
    negative = {"negative_prompt": settings.negative_prompt, "true_cfg_scale": settings.guidance_scale}
    return {"guidance_scale": settings.guidance_scale} | (negative if settings.negative_prompt else {})


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("flux"), tiny.flux_pipeline(guidance_embeds=True), told)


@pytest.fixture(scope="module")
def schnell(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("schnell"), tiny.flux_pipeline(guidance_embeds=False), told)


@pytest.fixture(scope="module")
def kontext(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    pipeline = FluxKontextPipeline(**tiny.flux_pipeline(guidance_embeds=True).components)
    return Flow(tmp_path_factory.mktemp("kontext"), pipeline, lambda settings: told(settings) | {"max_area": 64 * 64})


@pytest.mark.parametrize("changes", [{}, {"negative_prompt": "green"}, {"width": 104, "height": 72}], ids=str)
def test_words(dev: Flow, changes: dict[str, Any]) -> None:
    dev.check(replace(FOX, **changes))


def test_words_without_guidance(schnell: Flow) -> None:
    schnell.check(replace(FOX, guidance_scale=1.0))


def test_words_beyond_the_longest_window_are_told(dev: Flow) -> None:
    """That of T5; CLIP reads less."""
    check_unread(dev, dev.read.tokenizer_2, read=511)


@pytest.mark.parametrize("strength", [0.1, 0.25, 0.75, 1.0])
def test_a_start_picture(dev: Flow, strength: float) -> None:
    """At least one step is drawn."""
    settings, taken = replace(FOX, denoising_strength=strength), max(strength, 1 / FOX.steps)
    dev.check(settings, given.PICTURE, kind=FluxImg2ImgPipeline, image=given.picture(), strength=taken)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(dev: Flow, strength: float) -> None:
    dev.check_masked(FluxInpaintPipeline, strength)


def test_a_reference(kontext: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a size of its own, here a smaller one than those that are trained with."""
    monkeypatch.setattr(pipeline_flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", [(64, 160), (96, 96), (160, 64)])
    kontext.check(FOX, given.REFERENCE, image=given.picture())


def test_the_picture_that_is_given_is_the_reference_of_a_model_that_edits(
    kontext: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", [(64, 160), (96, 96), (160, 64)])
    assert numpy.array_equal(kontext.drawn(FOX, given.PICTURE), kontext.drawn(FOX, given.REFERENCE))


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask_on_the_reference(kontext: Flow, monkeypatch: pytest.MonkeyPatch, strength: float) -> None:
    for module in (pipeline_flux_kontext, pipeline_flux_kontext_inpaint):
        monkeypatch.setattr(module, "PREFERRED_KONTEXT_RESOLUTIONS", [(64, 64)])
    kontext.check_masked(FluxKontextInpaintPipeline, strength)


def test_words_alone_with_a_model_that_edits(kontext: Flow) -> None:
    kontext.check(FOX)
