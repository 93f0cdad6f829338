"""Models with the noise levels of EDM, in the manner of Playground 2.5 and CosXL: the stock pipelines' pixels."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    AutoPipelineForText2Image,
    DiffusionPipeline,
    EDMDPMSolverMultistepScheduler,
    EDMEulerScheduler,
)

from generation import abilities, edm, sources, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.denoising.predicted_x0 import level, predicted, prediction_type, spread_of
from generation.engine.denoising.samplers import scheduler_for
from generation.engine.models.loader import load
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind, Unsuitable
from generation.events import Failed
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from tests.generation.engine import single_file, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.given import PICTURE, picture
from tests.generation.engine.stock import drawn_as_it_comes

CPU = torch.device("cpu")
STATISTICS: dict[str, Any] = {
    "latents_mean": [-1.6, 1.9, -1.4, 2.5],
    "latents_std": [8.5, 5.9, 6.5, 5.2],
    "scaling_factor": 0.5,
}
LEVELS: dict[str, dict[str, Any]] = {
    "playground": {"sigma_min": 0.002, "sigma_max": 80.0, "sigma_data": 0.5},
    "cosxl": {"sigma_min": 0.002, "sigma_max": 120.0, "sigma_data": 1.0, "prediction_type": "v_prediction"},
}
OWN: dict[str, Any] = {
    "playground": EDMDPMSolverMultistepScheduler(**LEVELS["playground"]),
    "cosxl": EDMEulerScheduler(**LEVELS["cosxl"], sigma_schedule="exponential"),
}
USUAL = {"playground": "karras", "cosxl": "exponential"}


def scheduler(model: str, sampler: Sampler, schedule: Schedule) -> Any:
    """diffusers' scheduler of a sampler, made from the model's published noise levels."""
    levels = LEVELS[model]
    if sampler is Sampler.OWN:
        return OWN[model]
    karras = sampler in (Sampler.DPMPP_2M_KARRAS, Sampler.DPMPP_2M_SDE_KARRAS)
    spread = schedule.lower() if schedule is not Schedule.SAMPLER else "karras" if karras else USUAL[model]
    if sampler is Sampler.EULER:
        return EDMEulerScheduler(**levels, sigma_schedule=spread)
    kind = "sde-dpmsolver++" if sampler is Sampler.DPMPP_2M_SDE_KARRAS else "dpmsolver++"
    return EDMDPMSolverMultistepScheduler(**levels, sigma_schedule=spread, algorithm_type=kind)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny models of the shapes of SDXL, by name."""
    made = {}
    for name, own in OWN.items():
        folder = made[name] = tiny.stable_diffusion_xl(tmp_path_factory.mktemp("edm") / name)
        own.save_pretrained(folder / "scheduler")
        index, vae = folder / "model_index.json", folder / "vae" / "config.json"
        index.write_text(json.dumps(json.loads(index.read_text()) | {"scheduler": ["diffusers", type(own).__name__]}))
        if name == "playground":
            vae.write_text(json.dumps(json.loads(vae.read_text()) | STATISTICS))
    return made


@pytest.fixture(scope="module")
def cache(models: dict[str, Path]) -> ModelCache:
    specs = [ModelSpec(name, str(folder), width=64, height=64) for name, folder in models.items()]
    return ModelCache(Catalogue(specs), CPU, torch.float32, room=len(specs))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return DiffusionPipeline.from_pretrained(tiny.checkpoint_xl(tmp_path_factory.mktemp("checkpoint") / "folder"))


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings("a fox", 3, "playground", 64, 64, steps=4, guidance_scale=3.0, sampler=Sampler.OWN)


def asked(fox: GenerationSettings) -> Iterator[GenerationSettings]:
    """Every sampler and schedule that follows such noise levels."""
    for sampler in edm.SAMPLERS:
        for schedule in edm.SCHEDULES if sampler is not Sampler.OWN else edm.SCHEDULES[:1]:
            yield replace(fox, sampler=sampler, schedule=schedule)


@pytest.mark.parametrize("model", LEVELS)
def test_what_follows_its_noise_levels_draws_as_the_stock_pipeline(
    cache: ModelCache, models: dict[str, Path], fox: GenerationSettings, model: str
) -> None:
    """Together in one batch, and every fifth alone too."""
    pictures = [replace(each, model=model, clip_skip=2) for each in asked(fox)]
    crowd = LoopDriver(cache)
    for job_id, settings in enumerate(pictures):
        crowd.admit(job_id, settings)
    crowd.run()
    pipeline: Any = AutoPipelineForText2Image.from_pretrained(models[model], local_files_only=True)
    for job_id, settings in enumerate(pictures):
        pipeline.scheduler = scheduler(model, settings.sampler, settings.schedule)
        wanted = drawn_as_it_comes(pipeline, settings)
        assert wanted.std() > 5, "a picture that says something"
        assert abs(crowd.pixels(job_id) - wanted).max() <= 1, settings
        if job_id % 5 == 0:
            assert abs(LoopDriver(cache).drawn(settings) - wanted).max() <= 1, settings


@pytest.mark.parametrize("model", LEVELS)
def test_it_starts_from_a_picture_as_the_stock_pipeline_does(
    cache: ModelCache, models: dict[str, Path], fox: GenerationSettings, model: str
) -> None:
    settings = replace(fox, model=model, clip_skip=2, denoising_strength=0.5)
    pipeline: Any = AutoPipelineForImage2Image.from_pretrained(models[model], local_files_only=True)
    pipeline.scheduler = scheduler(model, Sampler.OWN, Schedule.SAMPLER)
    wanted = drawn_as_it_comes(pipeline, settings, image=picture(), strength=0.5)
    assert abs(LoopDriver(cache).drawn(settings, PICTURE) - wanted).max() <= 1


def test_it_can_be_explained_in_the_colours_of_clean_latents(cache: ModelCache, fox: GenerationSettings) -> None:
    """Playground's clean latents have half of unit variance; the last step's picture is about the finished one."""
    driver = LoopDriver(cache)
    driver.loop.admit(Job(1, "me", Draw(replace(fox, steps=12), explained=True)))
    driver.run()
    explanation = driver.completed(1).explanation
    assert explanation is not None
    *_, last, finished = (numpy.frombuffer(each.picture.rgb, numpy.uint8).astype(int) for each in explanation.moments)
    assert abs(last - finished).mean() < 3
    assert explanation.moments[0].noise == 1


@pytest.mark.parametrize("model", LEVELS)
def test_the_predicted_picture_is_the_scheduler_s(model: str) -> None:
    for sampler in edm.SAMPLERS:
        ours = scheduler_for(sampler, {**OWN[model].config, "_class_name": type(OWN[model]).__name__}, 6, CPU)
        chance = torch.Generator().manual_seed(0)
        for index, sigma in enumerate(ours.sigmas[:-1]):
            latents, prediction = (torch.randn(1, 4, 4, 4, generator=chance) for _ in range(2))
            expected = ours.precondition_outputs(latents, prediction, sigma)
            unit = ours.precondition_inputs(latents, sigma)
            found = predicted(unit, prediction, level(ours, index), prediction_type(ours)) * spread_of(ours)
            assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("name", ["playground", "cosxl"])
def test_a_single_file_tells_it_by_its_tensors(tmp_path: Path, checkpoint: Any, name: str) -> None:
    marks = {
        "playground": {
            "edm_mean": torch.tensor(STATISTICS["latents_mean"]).view(1, 4, 1, 1),
            "edm_std": torch.tensor(STATISTICS["latents_std"]).view(1, 4, 1, 1),
        },
        "cosxl": {"edm_vpred.sigma_max": torch.tensor(120.0), "edm_vpred.sigma_min": torch.tensor(0.002)},
    }
    file = single_file.write(checkpoint, tmp_path / f"{name}.safetensors", marks[name])
    spec = ModelSpec(name, str(file), width=64, height=64)
    assert (abilities.of(spec).samplers, spec.preferred.sampler) == (edm.SAMPLERS, Sampler.OWN)
    model = load(spec, CPU, torch.float32)
    assert isinstance(model, UNetModel)
    ours = scheduler_for(Sampler.OWN, model.scheduler_config, 6, CPU)
    OWN[name].set_timesteps(6)
    assert type(ours) is type(OWN[name])
    assert torch.allclose(ours.sigmas, OWN[name].sigmas)
    told = {option: ours.config[option] for option in ("sigma_data", "prediction_type")}
    assert told == {option: OWN[name].config[option] for option in told}
    if name == "playground":
        for key, values in STATISTICS.items():
            assert model.vae.config[key] == pytest.approx(values)


def test_euler_with_continuous_timesteps_is_such_a_model_too(models: dict[str, Path], tmp_path: Path) -> None:
    config = {
        "_class_name": "EulerDiscreteScheduler",
        "timestep_type": "continuous",
        "prediction_type": "v_prediction",
        "use_exponential_sigmas": True,
        "sigma_min": 0.002,
        "sigma_max": 120.0,
    }
    folder = tmp_path / "scheduler"
    folder.mkdir()
    (folder / "scheduler_config.json").write_text(json.dumps(config))
    assert sources.is_edm(str(tmp_path))
    same = scheduler("cosxl", Sampler.EULER, Schedule.SAMPLER)
    same.set_timesteps(6)
    assert torch.allclose(scheduler_for(Sampler.EULER, config, 6, CPU).sigmas, same.sigmas)
    assert type(scheduler_for(Sampler.OWN, config, 6, CPU)).__name__ == "EulerDiscreteScheduler"


def test_other_samplers_are_refused_with_those_that_work(models: dict[str, Path], fox: GenerationSettings) -> None:
    model = ModelSpec("playground", str(models["playground"]))
    for sampler in set(Sampler) - set(edm.SAMPLERS):
        named = re.escape(f"playground can't use the sampler {sampler}. Use one of: Model's own, Euler, DPM++ 2M, ")
        with pytest.raises(Unsuitable, match=named):
            suitability.check(replace(fox, sampler=sampler), model)
    with pytest.raises(Unsuitable, match=r"can't use the Beta schedule\. Use one of: Automatic, Karras, Exponential"):
        suitability.check(replace(fox, sampler=Sampler.EULER, schedule=Schedule.BETA), model)
    suitability.check(replace(fox, sampler=Sampler.DPMPP_2M_KARRAS), model)


def test_nobody_is_refused_for_a_default_or_for_another_model_s_sampler(
    models: dict[str, Path], fox: GenerationSettings
) -> None:
    model = ModelSpec("playground", str(models["playground"]))
    assert model.preferred.sampler is Sampler.OWN
    assert replace(model, sampler=Sampler.EULER).preferred.sampler is Sampler.EULER, "as its host says"
    server = PartialSettings(sampler=Sampler.DDIM, schedule=Schedule.UNIFORM, steps=9)
    fitted = suitability.fitted(server, model)
    assert (fitted.sampler, fitted.schedule, fitted.steps) == (Sampler.OWN, Schedule.SAMPLER, 9)
    assert suitability.fitted(PartialSettings(sampler=Sampler.EULER), model).sampler is Sampler.EULER
    assert suitability.stripped(replace(fox, sampler=Sampler.HEUN), model) == fox
    beta = replace(fox, sampler=Sampler.EULER, schedule=Schedule.BETA)
    assert suitability.stripped(beta, model) == replace(fox, sampler=Sampler.EULER)


def test_a_model_that_was_not_here_when_it_was_asked_for_refuses_too(
    cache: ModelCache, fox: GenerationSettings
) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, sampler=Sampler.HEUN))
    [failed] = driver.of(1)[-1:]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.SAMPLER_UNSUITABLE
