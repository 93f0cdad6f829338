"""Models trained to zero terminal SNR: every sampler follows the rescaled betas, alone and in a mixed batch."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.denoising.samplers import scheduler_for
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels, drawn_as_it_comes

CPU = torch.device("cpu")
SAMPLERS = tuple(Sampler)
TRAINED_WITH = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}


def betas() -> list[float]:
    """Stable Diffusion's betas, rescaled by hand: the signal's last value becomes 0, and its square then 2**-24, since
    diffusers' schedulers cannot take an infinite ratio of noise to signal."""
    remaining = numpy.cumprod(1 - numpy.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    first, last = numpy.sqrt(remaining[[0, -1]])
    remaining = ((numpy.sqrt(remaining) - last) * first / (first - last)) ** 2
    remaining[-1] = 2.0**-24
    before = numpy.concatenate([[1.0], remaining[:-1]])
    return [float(beta) for beta in 1 - remaining / before]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tiny.stable_diffusion_2(tmp_path_factory.mktemp("zero") / "model")
    file = made / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | TRAINED_WITH))
    return made


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings("a fox", seed=3, model="zero", width=64, height=64, steps=6, guidance_scale=5.0)


@pytest.fixture(scope="module")
def cache(folder: Path) -> ModelCache:
    return ModelCache(Catalogue([ModelSpec("zero", str(folder), width=64, height=64)]), CPU, torch.float32)


@pytest.fixture
def wanted(folder: Path, fox: GenerationSettings) -> dict[Sampler, Pixels]:
    """The pictures of diffusers' own pipeline, with each sampler's scheduler given the betas that are rescaled here."""
    pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    trained_with, pictures = dict(pipeline.scheduler.config), {}
    for sampler in SAMPLERS:
        ours = scheduler_for(sampler, trained_with, fox.steps, CPU)
        config = {**ours.config, "rescale_betas_zero_snr": False, "trained_betas": betas()}
        pipeline.scheduler = type(ours).from_config(config)
        pictures[sampler] = drawn_as_it_comes(pipeline, fox, eta=0.3 if sampler is Sampler.TCD else 0.0)
    return pictures


def test_every_sampler_draws_as_the_stock_pipeline_with_rescaled_betas(
    cache: ModelCache, fox: GenerationSettings, wanted: dict[Sampler, Pixels]
) -> None:
    crowd = LoopDriver(cache)
    for job_id, sampler in enumerate(SAMPLERS):
        crowd.admit(job_id, replace(fox, sampler=sampler))
    crowd.run()
    for job_id, sampler in enumerate(SAMPLERS):
        assert wanted[sampler].std() > 5, "a picture that says something"
        assert abs(crowd.pixels(job_id) - wanted[sampler]).max() <= 1, sampler
        assert abs(LoopDriver(cache).drawn(replace(fox, sampler=sampler)) - wanted[sampler]).max() <= 1, sampler


def test_a_scheduler_that_rescales_by_itself_draws_the_same(
    cache: ModelCache, folder: Path, fox: GenerationSettings
) -> None:
    """Also DDIM, which takes the last level as noise alone."""
    pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    trained_with = dict(pipeline.scheduler.config)
    kinds = {Sampler.OWN: DDIMScheduler, Sampler.DDPM: DDPMScheduler, Sampler.EULER: EulerDiscreteScheduler}
    for sampler, kind in kinds.items():
        pipeline.scheduler = kind.from_config(trained_with)
        wanted = drawn_as_it_comes(pipeline, fox)
        assert abs(LoopDriver(cache).drawn(replace(fox, sampler=sampler)) - wanted).max() <= 1, sampler


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_noise_level_is_all_but_noise_and_finite(folder: Path, sampler: Sampler) -> None:
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    scheduler = scheduler_for(sampler, config, 6, CPU)
    assert torch.allclose(scheduler.betas.double(), torch.tensor(betas(), dtype=torch.double), atol=1e-6)
    assert scheduler.alphas_cumprod[-1] == pytest.approx(2**-24, rel=1e-2)
    if getattr(scheduler, "sigmas", None) is not None:
        assert scheduler.sigmas.max() == pytest.approx(4096, rel=1e-2)


def test_a_model_that_was_not_trained_so_keeps_its_betas(folder: Path) -> None:
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    scheduler = scheduler_for(Sampler.HEUN, config | {"rescale_betas_zero_snr": False}, 6, CPU)
    assert scheduler.sigmas.max() == pytest.approx(14.6, abs=0.1)
