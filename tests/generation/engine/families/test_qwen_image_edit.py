"""Qwen-Image-Edit in the running batch: the pixels of diffusers' own pipelines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from diffusers import QwenImageEditInpaintPipeline, QwenImageEditPipeline, QwenImageEditPlusPipeline, QwenImagePipeline
from diffusers.pipelines.qwenimage import (
    pipeline_qwenimage_edit,
    pipeline_qwenimage_edit_inpaint,
    pipeline_qwenimage_edit_plus,
)
from PIL import Image
from transformers.utils import is_torchvision_available

from generation import images
from generation.jobs import Inputs
from tests.generation.engine import given
from tests.generation.engine.families import tiny_qwen_image as tiny
from tests.generation.engine.families.flow import FOX, Flow
from tests.generation.engine.families.test_qwen_image import told

WIDE = Image.new("RGB", (120, 60), "#2050c0")
TALL = Image.new("RGB", (50, 90), "#20a040")
PICTURES = [given.picture(), WIDE, TALL, given.picture().rotate(90)]


@pytest.fixture(params=[tiny.Processor, tiny.processor], ids=["without torchvision", "with torchvision"])
def processor(request: pytest.FixtureRequest) -> Any:
    if request.param is tiny.processor and not is_torchvision_available():
        pytest.skip("torchvision is not installed, or does not fit the installed torch")
    return request.param(tiny.tokenizer())


@pytest.fixture(autouse=True)
def small_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reference pictures of 4096 pixels instead of a megapixel, which would take long."""
    for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint, pipeline_qwenimage_edit_plus):
        monkeypatch.setattr(module, "calculate_dimensions", _smaller(module.calculate_dimensions))


def _smaller(own: Callable[[float, float], Any]) -> Callable[[float, float], Any]:
    return lambda area, ratio: own(area / 256, ratio)


@pytest.fixture(scope="module")
def edit(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("edit"), tiny.editing(QwenImageEditPipeline), told)


@pytest.fixture(scope="module")
def plus(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("plus"), tiny.editing(QwenImageEditPlusPipeline), told)


def seeing(flow: Flow, processor: Any) -> Callable[..., Any]:
    """Gives the processor to the model, and to each pipeline of its class that is made."""
    flow.model.pipeline.processor = processor
    return lambda **parts: flow.kind(**parts | {"processor": processor})


@pytest.mark.parametrize("changes", [{}, {"negative_prompt": "green"}, {"width": 104, "height": 72}], ids=str)
def test_a_reference(edit: Flow, processor: Any, changes: dict[str, Any]) -> None:
    kind = seeing(edit, processor)
    edit.check(replace(FOX, **changes), given.REFERENCE, kind=kind, image=given.picture())


@pytest.mark.parametrize("count", [1, 4])
def test_references(plus: Flow, processor: Any, count: int) -> None:
    named = zip(("image_prompt", "second", "third", "fourth"), PICTURES[:count], strict=False)
    inputs = Inputs(**{name: images.as_png(picture) for name, picture in named})
    plus.check(FOX, inputs, kind=seeing(plus, processor), image=PICTURES[:count])


def test_a_mask(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a picture that is the reference too; with an autoencoder that is certain, since diffusers' pipeline takes a
    random sample as the reference here."""
    pipeline = tiny.editing(QwenImageEditPipeline)
    certain = pipeline.vae.quant_conv
    certain.weight.data[tiny.CHANNELS :], certain.bias.data[tiny.CHANNELS :] = 0, -30
    edit = Flow(tmp_path_factory.mktemp("certain"), pipeline, told)
    seeing(edit, processor := tiny.Processor(tiny.tokenizer()))
    edit.check(
        replace(FOX, denoising_strength=0.75),
        given.MASKED,
        given.WELL_INSIDE,
        lambda **parts: QwenImageEditInpaintPipeline(**parts | {"processor": processor}),
        image=given.picture(),
        mask_image=given.mask(),
        strength=0.75,
    )


def test_words_alone_draw_as_without_editing(edit: Flow, plus: Flow) -> None:
    for flow in (edit, plus):
        flow.check(FOX, kind=lambda processor, **parts: QwenImagePipeline(**parts))
