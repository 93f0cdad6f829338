"""GPUs that do nothing more for a process once a kernel has gone wrong: no job is failed for that."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.latents.previews import LatentPreview
from generation.engine.models import loader
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import BrokenPicture, FailureKind, ModelUnavailable
from generation.events import Failed
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

ILLEGAL = "CUDA error: an illegal memory access was encountered"


def failing(said: str) -> Callable[..., Any]:
    def fail(*given: Any, **named: Any) -> Any:
        raise torch.AcceleratorError(said)

    return fail


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny.stable_diffusion_1(tmp_path_factory.mktemp("small")))


@pytest.fixture
def small(source: str) -> ModelCache:
    return ModelCache(Catalogue([ModelSpec("pocket", source, width=64, height=64)]), torch.device("cpu"), torch.float32)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings("a fox", seed=7, model="pocket", width=64, height=64, steps=2)


PLACES: dict[str, Callable[[UNetModel], tuple[Any, str]]] = {
    "encoder": lambda model: (model.prompts.readers[0].text_encoder, "forward"),
    "unet": lambda model: (model.unet, "forward"),
    "preview": lambda _: (LatentPreview, "__call__"),
    "decoder": lambda model: (model.vae.decoder, "forward"),
}


def driven(cache: ModelCache, settings: GenerationSettings) -> LoopDriver:
    """A loop that gives up."""
    driver = LoopDriver(cache)

    def draw() -> None:
        driver.admit(1, settings)
        driver.run()

    with pytest.raises((torch.AcceleratorError, ModelUnavailable, BrokenPicture)):
        draw()
    return driver


@pytest.mark.parametrize("place", PLACES)
def test_a_lost_device_is_not_the_job_s_own_failure(
    small: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    part, name = PLACES[place](small.take("pocket", lambda share: None))
    monkeypatch.setattr(part, name, failing(ILLEGAL))
    assert not [event for event in driven(small, fox).events if isinstance(event, Failed)]


def test_a_device_that_is_lost_while_a_model_is_read_is_known_for_that(
    small: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "pipeline_of", failing(ILLEGAL))
    assert not [event for event in driven(small, fox).events if isinstance(event, Failed)]


def test_a_device_that_is_lost_while_a_broken_picture_is_drawn_again_is_known_for_that(
    source: str, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModelSpec("pocket", source, width=64, height=64)
    coarse = ModelCache(Catalogue([spec]), torch.device("cpu"), torch.bfloat16)
    model = coarse.take("pocket", lambda share: None)
    monkeypatch.setattr(model.vae.decoder, "forward", lambda latents, *_: torch.full((1, 3, 64, 64), torch.nan))
    monkeypatch.setattr(ModelCache, "in_float32", failing(ILLEGAL))
    assert not [event for event in driven(coarse, fox).events if isinstance(event, Failed)]


def test_want_of_memory_is_no_loss(small: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small.take("pocket", lambda share: None).unet, "forward", failing("CUDA error: out of memory"))
    driver = LoopDriver(small)
    driver.admit(1, fox)
    driver.run()
    [failed] = [event for event in driver.events if isinstance(event, Failed)]
    assert failed.kind is FailureKind.OUT_OF_MEMORY
