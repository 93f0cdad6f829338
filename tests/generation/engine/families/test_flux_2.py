"""FLUX.2 in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import Flux2KleinInpaintPipeline
from PIL import Image
from transformers.utils import is_torchvision_available

from generation import images, suitability
from generation.errors import FailureKind, Unsuitable
from generation.events import Failed
from generation.jobs import Inputs
from generation.settings import GenerationSettings
from tests.generation.engine import given
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import tiny_flux_2 as tiny
from tests.generation.engine.families.flow import FOX, Flow
from tests.generation.engine.families.started import pixels, started

PICTURES = [
    given.picture(),
    Image.new("RGB", (120, 70), "#2050c0"),
    Image.new("RGB", (90, 100), "#20a040"),
    given.picture().rotate(90),
]
UNGUIDED = replace(FOX, guidance_scale=1.0)
TOO_LONG = replace(FOX, prompt="fox " * 150 + "fox")


def told(settings: GenerationSettings) -> dict[str, Any]:
    return {"guidance_scale": settings.guidance_scale}


def inputs(count: int) -> Inputs:
    named = zip(("image_prompt", "second", "third", "fourth"), PICTURES[:count], strict=False)
    return Inputs(**{name: images.as_png(picture) for name, picture in named})


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("dev"), tiny.dev(), told)


@pytest.fixture(scope="module")
def klein(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("klein"), tiny.klein(is_distilled=True), told)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("base"), tiny.klein(is_distilled=False), told)


@pytest.mark.parametrize("changes", [{}, {"width": 104, "height": 72}], ids=str)
def test_words(dev: Flow, changes: dict[str, Any]) -> None:
    dev.check(replace(FOX, **changes))


@pytest.mark.parametrize("settings", [FOX, UNGUIDED], ids=["guided", "unguided"])
def test_words_with_guidance_by_two_predictions(base: Flow, settings: GenerationSettings) -> None:
    base.check(settings)


def test_words_without_guidance(klein: Flow) -> None:
    klein.check(UNGUIDED)


def test_a_negative_prompt_is_refused(dev: Flow, base: Flow) -> None:
    for flow in (dev, base):
        with pytest.raises(Unsuitable, match="tiny doesn't support a negative prompt"):
            suitability.check(replace(FOX, negative_prompt="green"), flow.spec)
        driver = LoopDriver(flow.cache)
        driver.admit(1, replace(FOX, negative_prompt="green"))
        [refusal] = [event for event in driver.of(1) if isinstance(event, Failed)]
        assert refusal.kind is FailureKind.UNSUITABLE


def test_the_end_of_a_prompt_that_is_not_read_is_told(dev: Flow, base: Flow) -> None:
    for flow in (dev, base):
        assert flow.model.encode_prompts(TOO_LONG)[0].unread.endswith("fox")


def test_words_by_the_processor_of_pictures(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not is_torchvision_available():
        pytest.skip("torchvision is not installed, or does not fit the installed torch")
    dev = Flow(tmp_path_factory.mktemp("processor"), tiny.dev(tiny.processor()), told)
    dev.check(FOX)
    assert dev.model.encode_prompts(TOO_LONG)[0].unread.endswith("fox")


@pytest.mark.parametrize("count", [1, 4])
def test_references(dev: Flow, count: int) -> None:
    dev.check(FOX, inputs(count), image=PICTURES[:count])


def test_a_reference_with_guidance_by_two_predictions(base: Flow) -> None:
    base.check(FOX, given.REFERENCE, image=given.picture())


def test_sizes_of_references(dev: Flow) -> None:
    sizes = {(64, 64): (64, 64), (1900, 1100): (1344, 768), (100, 40): (160, 64), (71, 2000): (64, 2000)}
    fitted = {given: dev.model.family.fitted(Image.new("RGB", given)).size for given in sizes}
    assert fitted == sizes


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(klein: Flow, strength: float) -> None:
    """On a picture that is a reference too."""
    klein.check(
        replace(UNGUIDED, denoising_strength=strength),
        given.MASKED,
        given.WELL_INSIDE,
        lambda **parts: Flux2KleinInpaintPipeline(is_distilled=True, **parts),
        image=given.picture(),
        mask_image=given.mask(),
        strength=strength,
    )


@torch.inference_mode()
def test_a_mask_where_the_pipeline_takes_none(dev: Flow) -> None:
    settings = replace(FOX, denoising_strength=0.5)
    network = dev.model.family.pipeline.vae
    patches = torch.nn.functional.pixel_unshuffle(network.encode(pixels()).latent_dist.mode(), 2)
    mean, variance = (each.view(1, -1, 1, 1) for each in (network.bn.running_mean, network.bn.running_var))
    known = (patches - mean) / torch.sqrt(variance + network.config.batch_norm_eps)
    noise = torch.randn(known.shape, generator=torch.Generator().manual_seed(FOX.seed))
    as_tokens = started(dev, settings, known, noise, lambda each: each.flatten(2).transpose(1, 2), masked=True)
    dev.check(settings, given.MASKED, given.WELL_INSIDE, image=given.picture(), **as_tokens)
