"""InstructPix2Pix and CosXL Edit: the pixels of diffusers' own pipelines, alone and in a mixed batch."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from diffusers import (
    DiffusionPipeline,
    EDMEulerScheduler,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
)
from PIL import Image

from generation import images, sources
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.denoising.samplers import scheduler_for
from generation.engine.models.loader import load
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.dtype_trial import forward_seconds
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed, Progress
from generation.infotext import CHUNK_NAME
from generation.jobs import Draw, Inputs, Job
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import single_file, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.given import KEPT, MASKED, PICTURE, picture
from tests.generation.engine.stock import Pixels

CPU = torch.device("cpu")
IMAGE_GUIDANCE = 1.8
PIPELINES: dict[str, Any] = {
    "edit": StableDiffusionInstructPix2PixPipeline,
    "edit xl": StableDiffusionXLInstructPix2PixPipeline,
    "cosxl edit": StableDiffusionXLInstructPix2PixPipeline,
}
COSXL = EDMEulerScheduler(
    sigma_min=0.002, sigma_max=120.0, sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction"
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("editing")
    return {
        "edit": tiny.instruct_pix2pix(made / "edit"),
        "edit xl": tiny.instruct_pix2pix_xl(made / "edit xl"),
        "cosxl edit": tiny.instruct_pix2pix_xl(made / "cosxl edit", COSXL),
    }


@pytest.fixture(scope="module")
def cache(models: dict[str, Path]) -> ModelCache:
    specs = [
        ModelSpec(name, str(folder), width=64, height=64, image_guidance=IMAGE_GUIDANCE)
        for name, folder in models.items()
    ]
    return ModelCache(Catalogue(specs), CPU, torch.float32, room=len(specs))


@pytest.fixture(scope="module")
def pipelines(models: dict[str, Path]) -> dict[str, Any]:
    made: dict[str, Any] = {
        name: PIPELINES[name].from_pretrained(folder, local_files_only=True) for name, folder in models.items()
    }
    made["cosxl edit"].is_cosxl_edit = True
    return made


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        "make it a fox", 3, "edit", 64, 64, steps=5, guidance_scale=6.0, sampler=Sampler.EULER, denoising_strength=1.0
    )


def asked_of(model: str, fox: GenerationSettings) -> list[GenerationSettings]:
    samplers = {
        "edit": [Sampler.EULER, Sampler.DDIM, Sampler.HEUN, Sampler.EULER_ANCESTRAL],
        "edit xl": [Sampler.DPMPP_2M_KARRAS, Sampler.UNIPC],
        "cosxl edit": [Sampler.OWN],
    }
    clip_skip = 1 if model == "edit" else 2
    plain = [replace(fox, model=model, sampler=each, clip_skip=clip_skip) for each in samplers[model]]
    return [*plain, replace(plain[0], guidance_scale=1.0, seed=4), replace(plain[0], prompt="snow", seed=5, steps=3)]


def wanted(pipelines: dict[str, Any], settings: GenerationSettings) -> Pixels:
    pipeline = pipelines[settings.model]
    usual = pipeline.scheduler
    pipeline.set_progress_bar_config(disable=True)
    if settings.sampler is not Sampler.OWN:
        pipeline.scheduler = scheduler_for(settings.sampler, dict(usual.config), settings.steps, CPU)
    image = pipeline(
        settings.prompt,
        image=picture(),
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        image_guidance_scale=IMAGE_GUIDANCE,
        generator=torch.Generator("cpu").manual_seed(settings.seed),
        **({} if settings.model == "edit" else {"width": 64, "height": 64}),
    ).images[0]
    pipeline.scheduler = usual
    return numpy.asarray(image, dtype=int)


@pytest.mark.parametrize("model", PIPELINES)
def test_an_edit_is_the_stock_pipeline_s_alone_and_in_a_mixed_batch(
    cache: ModelCache, pipelines: dict[str, Any], fox: GenerationSettings, model: str
) -> None:
    pictures, crowd = asked_of(model, fox), LoopDriver(cache)
    for job_id, settings in enumerate(pictures):
        crowd.admit(job_id, settings, PICTURE)
        crowd.loop.step()
    crowd.run()
    for job_id, settings in enumerate(pictures):
        expected = wanted(pipelines, settings)
        assert expected.std() > 5, "a picture that says something"
        assert abs(crowd.pixels(job_id) - expected).max() <= 1, settings
        assert abs(LoopDriver(cache).drawn(settings, PICTURE) - expected).max() <= 1, settings


def test_the_picture_and_the_words_both_show(cache: ModelCache, fox: GenerationSettings) -> None:
    other = Inputs(images.as_png(Image.new("RGB", (64, 64), (10, 200, 30))))
    usual = LoopDriver(cache).drawn(fox, PICTURE)
    assert abs(LoopDriver(cache).drawn(fox, other) - usual).mean() > 1
    assert abs(LoopDriver(cache).drawn(replace(fox, prompt="castle"), PICTURE) - usual).mean() > 0.1


def test_what_a_mask_keeps_stays(cache: ModelCache, fox: GenerationSettings) -> None:
    drawn = LoopDriver(cache).drawn(fox, MASKED)
    assert (drawn[KEPT] == numpy.asarray(picture())[KEPT]).all()
    assert abs(drawn - LoopDriver(cache).drawn(fox, PICTURE)).max() > 1


def test_it_takes_all_steps_and_its_metadata_tells_the_scale(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, fox, PICTURE)
    driver.run()
    assert [event.step for event in driver.of(1) if isinstance(event, Progress)] == [1, 2, 3, 4]
    text = Image.open(BytesIO(driver.completed(1).pictures[0].png)).text[CHUNK_NAME]  # type: ignore[attr-defined]
    assert "Image CFG scale: 1.8, " in text


def test_it_can_be_explained(cache: ModelCache, fox: GenerationSettings) -> None:
    for scale in (6.0, 1.0):
        driver = LoopDriver(cache)
        driver.loop.admit(Job(1, "me", Draw(replace(fox, guidance_scale=scale), PICTURE, explained=True)))
        driver.run()
        explanation = driver.completed(1).explanation
        assert explanation is not None
        assert explanation.forks[0].without.rgb != explanation.forks[0].with_prompt.rgb


def test_without_a_picture_the_job_fails_with_that_reason(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, fox)
    [failed] = driver.of(1)[-1:]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.PICTURE_NEEDED


def test_a_single_file_edits_too(tmp_path: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(tiny.checkpoint_1(tmp_path / "folder"))
    shape = pipeline.unet.conv_in.weight.shape
    first = {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(shape[0], 8, *shape[2:])}
    spec = ModelSpec("mine", str(single_file.write(pipeline, tmp_path / "file.safetensors", first)))
    assert sources.is_editing(spec.source)
    model = load(spec, CPU, torch.float32)
    assert isinstance(model, UNetModel)
    assert model.is_editing


def test_its_number_format_can_be_tried(cache: ModelCache) -> None:
    assert forward_seconds(cache.take("edit", lambda share: None)) > 0
