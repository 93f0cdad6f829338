"""Pictures that keep to another by a ControlNet, or hear others by an IP-Adapter: diffusers' own, and in company."""

import shutil
import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLControlNetUnionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from generation import images
from generation.catalogue import Catalogue, ModelSpec
from generation.controls import Control, ControlKind
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed
from generation.infotext import from_infotext
from generation.jobs import Inputs
from generation.loras import LoraSpec
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny, tiny_guides, tiny_lora
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels, drawn_by_stock

DETAILED = ("plus", "full")
"""Adapters that hear a layer of the encoder; the full one is for faces."""

KINDS = {"small": StableDiffusionPipeline, "xl": StableDiffusionXLPipeline}


def running_job(colour: str, side: int = 64) -> Image.Image:
    image = Image.new("RGB", (side, side), "black")
    ImageDraw.Draw(image).ellipse((side // 5, side // 4, side * 4 // 5, side * 3 // 4), outline=colour, width=4)
    return image


LINES, RED, BLUE = running_job("white"), running_job("red", 80), running_job("blue", 48)
MASK = Image.new("L", (64, 64), 0)
MASK.paste(255, (16, 16, 64, 64))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    for name, make in {"small": tiny.stable_diffusion_1, "xl": tiny.stable_diffusion_xl}.items():
        make(made / name)
        pipeline = stock(KINDS[name], made / name)
        tiny_guides.controlnet(made / f"{name}-control", pipeline)
        tiny_guides.ip_adapter(made / f"{name}-adapter", pipeline)
    tiny_guides.controlnet(made / "other-control", stock(KINDS["small"], made / "small"), seed=8)
    tiny_guides.controlnet_union(made / "union-control", stock(KINDS["xl"], made / "xl"))
    for kind in DETAILED:
        tiny_guides.ip_adapter(made / f"{kind}-adapter", stock(StableDiffusionPipeline, made / "small"), kind)
    tiny_lora.peft(made / "ink.safetensors", stock(StableDiffusionPipeline, made / "small"))
    return made


@pytest.fixture(scope="module")
def cache(folder: Path) -> ModelCache:
    models = [
        ModelSpec(
            name,
            str(folder / name),
            controlnet=str(folder / f"{name}-control"),
            ip_adapter=str(folder / f"{name}-adapter" / "adapter.safetensors"),
        )
        for name in KINDS
    ]
    plain = ModelSpec("plain", str(folder / "small"))
    detailed = [
        replace(plain, name=kind, ip_adapter=str(folder / f"{kind}-adapter" / "adapter.safetensors"))
        for kind in DETAILED
    ]
    several = (("canny", str(folder / "small-control")), ("depth", str(folder / "other-control")))
    twice = replace(plain, name="twice", controlnets=several)
    union = replace(models[1], name="union", controlnet="", controlnets=(("union", str(folder / "union-control")),))
    loras = [LoraSpec("ink", folder / "ink.safetensors")]
    catalogue = Catalogue([*models, plain, *detailed, twice, union], loras)
    return ModelCache(catalogue, torch.device("cpu"), torch.float32, room=4)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        prompt="a fox", seed=7, model="small", width=64, height=64, steps=5, control_scale=0.8, image_prompt_scale=0.7
    )


def stock(kind: Any, folder: Path, **more: Any) -> Any:
    with warnings.catch_warnings(action="ignore"):
        pipeline = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True, **more)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def controlled(kind: Any, folder: Path, name: str = "small") -> Any:
    return stock(kind, folder / name, controlnet=ControlNetModel.from_pretrained(folder / f"{name}-control"))


def hearing(folder: Path, name: str = "small", adapter: str = "", pipeline: Any = None) -> Any:
    pipeline = pipeline or stock(KINDS[name], folder / name)
    pipeline.load_ip_adapter(
        str(folder / f"{adapter or name}-adapter"),
        subfolder="",
        weight_name="adapter.safetensors",
        local_files_only=True,
    )
    pipeline.set_ip_adapter_scale(0.7)
    return pipeline


def ours(
    cache: ModelCache, settings: GenerationSettings, sizing: BatchSizing | None = None, **pictures: Image.Image
) -> Pixels:
    return LoopDriver(cache, sizing).drawn(settings, given(**pictures))


def given(**pictures: Image.Image) -> Inputs:
    return Inputs(**{name: images.as_png(picture) for name, picture in pictures.items()})


@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DPMPP_2M_KARRAS, Sampler.HEUN])
@pytest.mark.parametrize("guidance_scale", [1.0, 7.0])
def test_controlnet(
    cache: ModelCache, folder: Path, fox: GenerationSettings, sampler: Sampler, guidance_scale: float
) -> None:
    settings = replace(fox, sampler=sampler, guidance_scale=guidance_scale)
    pipeline = controlled(StableDiffusionControlNetPipeline, folder)
    expected = drawn_by_stock(pipeline, settings, image=LINES, controlnet_conditioning_scale=0.8)
    picture = ours(cache, settings, control=LINES)
    assert abs(picture - expected).max() <= 1
    assert abs(picture - ours(cache, settings)).max() > 1


def test_controlnet_from_a_picture(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    settings = replace(fox, denoising_strength=0.6, sampler=Sampler.DDIM)
    expected = drawn_by_stock(
        controlled(StableDiffusionControlNetImg2ImgPipeline, folder),
        settings,
        image=running_job("red"),
        control_image=LINES,
        controlnet_conditioning_scale=0.8,
        strength=0.6,
    )
    assert abs(ours(cache, settings, image=running_job("red"), control=LINES) - expected).max() <= 1


def test_controlnet_inside_a_mask(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    settings = replace(fox, denoising_strength=0.8, sampler=Sampler.DDIM)
    expected = drawn_by_stock(
        controlled(StableDiffusionControlNetInpaintPipeline, folder),
        settings,
        image=running_job("red"),
        mask_image=MASK,
        control_image=LINES,
        controlnet_conditioning_scale=0.8,
        strength=0.8,
    )
    picture = ours(cache, settings, image=running_job("red"), mask=MASK, control=LINES)
    inside = slice(24, 56), slice(24, 56)
    assert abs(picture[inside] - expected[inside]).max() <= 1


TWO = Control(ControlKind.CANNY, 0.8, 0.0, 0.6), Control(ControlKind.DEPTH, 0.5, 0.3, 1.0)


@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M_KARRAS, Sampler.HEUN])
def test_several_controlnets_each_in_its_part_of_the_steps(
    cache: ModelCache, folder: Path, fox: GenerationSettings, sampler: Sampler
) -> None:
    settings = replace(fox, model="twice", sampler=sampler, controls=TWO)
    networks = [ControlNetModel.from_pretrained(folder / f"{name}-control") for name in ("small", "other")]
    pipeline = stock(StableDiffusionControlNetPipeline, folder / "small", controlnet=networks)
    together = {"controlnet_conditioning_scale": [0.8, 0.5], "control_guidance_end": [0.6, 1.0]}
    expected = drawn_by_stock(pipeline, settings, image=[LINES, RED], control_guidance_start=[0.0, 0.3], **together)
    picture = ours(cache, settings, control=LINES, second_control=RED)
    assert abs(picture - expected).max() <= 1
    whole = replace(settings, controls=tuple(replace(each, start=0.0, end=1.0) for each in TWO))
    assert abs(picture - ours(cache, whole, control=LINES, second_control=RED)).max() > 1


@pytest.mark.parametrize(
    ("controls", "modes"),
    [
        ([Control(ControlKind.LINES, 0.8, 0.2, 0.8)], [3]),
        ([Control(ControlKind.CANNY, 0.9, 0.0, 0.6), Control(ControlKind.DEPTH, 0.5, 0.0, 0.6)], [3, 1]),
    ],
)
def test_a_union_is_told_what_each_picture_shows(
    cache: ModelCache, folder: Path, fox: GenerationSettings, controls: list[Control], modes: list[int]
) -> None:
    settings = replace(fox, model="union", clip_skip=2, controls=tuple(controls))
    network = ControlNetUnionModel.from_pretrained(folder / "union-control")
    pictures = [LINES, RED][: len(modes)]
    expected = drawn_by_stock(
        stock(StableDiffusionXLControlNetUnionPipeline, folder / "xl", controlnet=network),
        settings,
        control_image=pictures,
        control_mode=modes,
        controlnet_conditioning_scale=[each.scale for each in controls],
        control_guidance_start=controls[0].start,
        control_guidance_end=controls[0].end,
    )
    pictured = given(**dict(zip(("control", "second_control"), pictures, strict=False)))
    assert abs(LoopDriver(cache).drawn(settings, pictured) - expected).max() <= 1
    assert abs(expected - ours(cache, replace(settings, model="xl"))).max() > 1


def test_a_union_refuses_what_it_was_not_trained_with(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, model="union", controls=(Control(ControlKind.TILE),)), given(control=LINES))
    driver.run()
    failed = driver.of(1)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.UNSUITABLE
    assert "what “tile” shows" in failed.detail


def styled(folder: Path, kind: Any, adapters: int = 1) -> Any:
    pipeline = stock(kind, folder / "xl")
    pipeline.load_ip_adapter(
        [str(folder / "xl-adapter")] * adapters,
        subfolder=[""] * adapters,
        weight_name=["adapter.safetensors"] * adapters,
        local_files_only=True,
    )
    pipeline.set_ip_adapter_scale([0.7, {"up": {"block_0": [0.0, 0.9]}}][-adapters:])
    return pipeline


def test_the_style_of_a_picture_goes_to_its_layers_alone(
    cache: ModelCache, folder: Path, fox: GenerationSettings
) -> None:
    """Beside a start picture, and beside a picture that is a prompt as a whole."""
    settings = replace(fox, model="xl", clip_skip=2, style_scale=0.9, denoising_strength=0.6, sampler=Sampler.DDIM)
    pipeline = styled(folder, StableDiffusionXLImg2ImgPipeline)
    start = running_job("red")
    expected = drawn_by_stock(pipeline, settings, image=start, strength=0.6, ip_adapter_image=BLUE)
    picture = ours(cache, settings, image=start, style_image=BLUE)
    assert abs(picture - expected).max() <= 1
    assert abs(picture - ours(cache, settings, image=start)).max() > 1
    both = styled(folder, StableDiffusionXLPipeline, 2)
    expected = drawn_by_stock(both, settings, ip_adapter_image=[RED, BLUE])
    assert abs(ours(cache, settings, image_prompt=RED, style_image=BLUE) - expected).max() <= 1


@pytest.mark.parametrize("guidance_scale", [1.0, 7.0])
def test_ip_adapter(cache: ModelCache, folder: Path, fox: GenerationSettings, guidance_scale: float) -> None:
    settings = replace(fox, guidance_scale=guidance_scale)
    picture = ours(cache, settings, image_prompt=RED)
    assert abs(picture - drawn_by_stock(hearing(folder), settings, ip_adapter_image=RED)).max() <= 1
    assert abs(picture - ours(cache, settings)).max() > 1


@pytest.mark.parametrize("kind", DETAILED)
def test_an_adapter_that_hears_a_layer_of_the_encoder(
    cache: ModelCache, folder: Path, fox: GenerationSettings, kind: str
) -> None:
    picture = ours(cache, replace(fox, model=kind), image_prompt=RED)
    assert abs(picture - drawn_by_stock(hearing(folder, adapter=kind), fox, ip_adapter_image=RED)).max() <= 1
    assert abs(picture - ours(cache, fox, image_prompt=RED)).max() > 1


@pytest.mark.parametrize("kind", ["small", "full"])
def test_image_prompts_with_weights_of_their_own(
    cache: ModelCache, folder: Path, fox: GenerationSettings, kind: str
) -> None:
    """As diffusers draws with the same adapter twice; also beside a picture with other weights."""
    pipeline, settings = stock(StableDiffusionPipeline, folder / "small"), replace(fox, model=kind)
    twice = [[each, each] for each in (str(folder / f"{kind}-adapter"), "", "adapter.safetensors")]
    pipeline.load_ip_adapter(twice[0], subfolder=twice[1], weight_name=twice[2], local_files_only=True)
    pipeline.set_ip_adapter_scale([0.8, 0.3])
    expected = drawn_by_stock(pipeline, settings, ip_adapter_image=[RED, BLUE])
    driver = LoopDriver(cache)
    driver.admit(1, settings, given(image_prompt=RED, second=BLUE), weights=(0.8, 0.3))
    driver.admit(2, settings, given(image_prompt=RED, second=BLUE), weights=(0.3, 0.8))
    driver.admit(3, settings, given(image_prompt=RED))
    driver.run()
    assert abs(driver.pixels(1) - expected).max() <= 1
    assert all(abs(driver.pixels(other) - driver.pixels(1)).max() > 1 for other in (2, 3))
    metadata = Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"]
    assert "Image prompt" not in str(metadata)


def test_stable_diffusion_xl_has_both(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    settings = replace(fox, model="xl", clip_skip=2)
    pipeline = hearing(folder, "xl", pipeline=controlled(StableDiffusionXLControlNetPipeline, folder, "xl"))
    expected = drawn_by_stock(pipeline, settings, image=LINES, ip_adapter_image=BLUE, controlnet_conditioning_scale=0.8)
    assert abs(ours(cache, settings, control=LINES, image_prompt=BLUE) - expected).max() <= 1


def test_of_several_pictures_the_mean_is_heard(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    pipeline = hearing(folder)
    with torch.inference_mode():
        embedded = [pipeline.encode_image(each, "cpu", 1) for each in (RED, BLUE)]
    mean, silence = (torch.stack(each).mean(0)[None] for each in zip(*embedded, strict=True))
    expected = drawn_by_stock(pipeline, fox, ip_adapter_image_embeds=[torch.cat([silence, mean])])
    picture = ours(cache, fox, image_prompt=RED, second=BLUE)
    assert abs(picture - expected).max() <= 1
    assert abs(picture - ours(cache, fox, image_prompt=RED)).max() > 1


def company(fox: GenerationSettings) -> list[tuple[GenerationSettings, Inputs]]:
    """Plain pictures, LoRAs, ControlNet at two scales, image prompts at two scales, and all at once."""
    return [
        (fox, Inputs()),
        (replace(fox, seed=2), given(control=LINES)),
        (replace(fox, seed=3, control_scale=0.3, steps=6), given(control=RED)),
        (replace(fox, seed=4), given(image_prompt=RED)),
        (replace(fox, seed=5, image_prompt_scale=0.2), given(image_prompt=BLUE)),
        (replace(fox, prompt="a fox <lora:ink:0.7>", seed=6), given(control=LINES, image_prompt=BLUE)),
        (replace(fox, prompt="a fox <lora:ink:0.7>", seed=7, guidance_scale=1.0), Inputs()),
        (replace(fox, seed=8, hires_factor=1.5, denoising_strength=0.7), given(image=RED, control=LINES)),
        (replace(fox, seed=9, model="twice", controls=TWO), given(control=LINES, second_control=RED)),
        (replace(fox, seed=10, model="twice", controls=TWO[1:]), given(control=LINES)),
        (replace(fox, seed=11, model="xl"), given(style_image=BLUE)),
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_among_strangers(cache: ModelCache, fox: GenerationSettings, strict: bool) -> None:
    jobs = company(fox)
    together = LoopDriver(cache, BatchSizing(8, strict))
    for job_id, (settings, inputs) in enumerate(jobs):
        together.admit(job_id, settings, inputs)
        together.loop.step()
    together.run()
    for job_id, (settings, inputs) in enumerate(jobs):
        alone = LoopDriver(cache, BatchSizing(8, strict))
        alone.admit(job_id, settings, inputs)
        alone.run()
        assert abs(together.pixels(job_id) - alone.pixels(job_id)).max() <= (0 if strict else 1)


def test_metadata_tell_what_weighed_how_much(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, steps=1), given(control=LINES, image_prompt=RED))
    driver.run()
    text = str(Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"])
    assert "ControlNet weight: 0.8, Image prompt weight: 0.7" in text
    assert from_infotext(text).control_scale == 0.8


def test_what_has_neither_is_drawn_as_if_there_were_none(cache: ModelCache, fox: GenerationSettings) -> None:
    """To the last bit, also after a picture that has both."""
    ours(cache, fox, control=LINES, image_prompt=RED)
    assert (ours(cache, fox) == ours(cache, replace(fox, model="plain"))).all()


def test_a_model_without_them_fails_the_job_alone(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    plain = replace(fox, model="plain", steps=1)
    driver.admit(1, plain)
    driver.admit(2, plain, given(control=LINES))
    driver.admit(3, plain, given(image_prompt=LINES))
    driver.run()
    for job_id in (2, 3):
        failed = driver.of(job_id)[-1]
        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.MODEL_UNAVAILABLE
    assert driver.completed(1).pictures


def test_pickled_weights_of_an_image_encoder_are_refused(folder: Path, tmp_path: Path, fox: GenerationSettings) -> None:
    shutil.copytree(folder / "small-adapter", tmp_path / "adapter")
    encoder = tmp_path / "adapter" / "image_encoder"
    torch.save(load_file(encoder / "model.safetensors"), encoder / "pytorch_model.bin")
    (encoder / "model.safetensors").unlink()
    [adapter] = (tmp_path / "adapter").glob("*.safetensors")
    spec = ModelSpec("small", str(folder / "small"), ip_adapter=str(adapter))
    driver = LoopDriver(ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32))
    driver.admit(1, fox)
    failed = driver.of(1)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.MODEL_UNAVAILABLE


@pytest.mark.parametrize("broken", [{"controlnet": "/nowhere"}, {"ip_adapter": "/nowhere/adapter.safetensors"}])
def test_one_that_cannot_be_read_is_a_clear_failure(
    folder: Path, fox: GenerationSettings, broken: dict[str, str]
) -> None:
    spec = ModelSpec("small", str(folder / "small"), **broken)  # type: ignore[arg-type]
    driver = LoopDriver(ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32))
    driver.admit(1, fox)
    failed = driver.of(1)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.MODEL_UNAVAILABLE
