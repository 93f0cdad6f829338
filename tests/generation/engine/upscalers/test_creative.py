"""Upscales that draw over the enlarged picture."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from generation import cost, infotext, upscaling
from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Cancelled, Completed, Progress, Started
from generation.jobs import Job, Manner, Upscale
from generation.settings import GenerationSettings, Sampler
from generation.upscaling import UpscalerName
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver, pixels


def creative(settings: GenerationSettings, picture: bytes, manner: Manner = Manner.CREATIVE) -> Upscale:
    return Upscale(settings, picture, upscaler=UpscalerName.LANCZOS, manner=manner)


def file(width: int, height: int) -> bytes:
    data = BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(data, "JPEG")
    return data.getvalue()


def test_it_finds_detail_and_keeps_the_composition(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, replace(apple, steps=12))
    driver.run()
    small = driver.completed(1).pictures[0].png
    for job_id, manner in enumerate((Manner.SUBTLE, Manner.CREATIVE, Manner.CREATIVE), start=2):
        driver.loop.admit(Job(job_id, "owner", creative(replace(apple, steps=12), small, manner)))
        driver.run()
    subtle, redrawn, again = (driver.completed(job_id).pictures[0].png for job_id in (2, 3, 4))
    assert redrawn == again
    difference = abs(pixels(subtle) - pixels(redrawn))
    assert difference.mean() < 12
    assert difference.max() > 30
    assert driver.completed(3).upscaler == "Lanczos, redrawn by pocket"
    assert "tile by tile" in driver.completed(3).circumstances
    text = Image.open(BytesIO(redrawn)).info["parameters"]
    assert 'Postprocess upscaler: "Lanczos, redrawn by pocket"' in text
    assert infotext.from_infotext(text).seed == apple.seed
    reports = [(event.step, event.steps) for event in driver.of(3) if isinstance(event, Progress)]
    assert reports == [(step, len(reports) + 1) for step in range(2, len(reports) + 2)]


@pytest.mark.parametrize("sampler", [Sampler.HEUN, Sampler.PLMS, Sampler.EULER_ANCESTRAL, Sampler.LCM])
def test_every_size_with_every_kind_of_sampler(driver: LoopDriver, apple: GenerationSettings, sampler: Sampler) -> None:
    driver.loop.admit(Job(1, "owner", creative(replace(apple, sampler=sampler, steps=4), file(51, 20))))
    driver.run()
    [picture] = driver.completed(1).pictures
    assert Image.open(BytesIO(picture.png)).size == (picture.width, picture.height) == (102, 40)


@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M_KARRAS, Sampler.HEUN])
def test_what_is_drawn_is_what_is_reckoned_with(
    driver: LoopDriver, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch, sampler: Sampler
) -> None:
    rows, forward = [], pocket.unet.forward

    def counted(latents: torch.Tensor, *inputs: Any, **named: Any) -> Any:
        rows.append(len(latents))
        return forward(latents, *inputs, **named)

    monkeypatch.setattr(pocket.unet, "forward", counted)
    settings = replace(apple, width=136, height=96, steps=8, sampler=sampler)
    driver.loop.admit(Job(1, "owner", creative(settings, file(136, 96))))
    driver.run()
    work = upscaling.creative_work(settings, POCKET, 2)
    assert sum(rows) == work.tiles * cost.rows(work.settings, of_picture=True)
    last = next(event for event in reversed(driver.of(1)) if isinstance(event, Progress))
    assert last.steps == 1 + work.steps


def test_a_model_that_likes_small_pictures_has_tiles_large_enough_to_draw_on(
    tmp_path: Path, apple: GenerationSettings
) -> None:
    spec = ModelSpec("small", str(tiny.stable_diffusion_1(tmp_path)), width=64, height=64)
    driver = LoopDriver(ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32))
    driver.loop.admit(Job(1, "owner", creative(replace(apple, model="small"), file(72, 100))))
    driver.run()
    picture = driver.completed(1).pictures[0]
    assert (picture.width, picture.height) == (144, 200)


def test_it_waits_until_no_other_model_is_at_work(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, apple)
    driver.loop.step()
    driver.loop.admit(Job(2, "owner", creative(replace(apple, model="twin"), file(32, 32))))
    driver.admit(3, apple)
    driver.run()
    assert [event.job_id for event in driver.events if isinstance(event, Completed)] == [1, 3, 2]


def test_it_is_cancelled_between_two_steps(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.loop.admit(Job(1, "owner", creative(replace(apple, steps=10), file(64, 64))))
    driver.loop.step()
    driver.loop.step()
    driver.loop.cancel(1)
    assert driver.loop.idle
    assert [type(event) for event in driver.of(1)] == [Started, Progress, Progress, Cancelled]
