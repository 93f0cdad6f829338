"""Pictures that a number format cannot hold are drawn once more in float32, and then fail clearly."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import torch
from PIL import Image

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed, Loading
from generation.jobs import Inputs, Job, Manner, Upscale
from generation.settings import GenerationSettings, Sampler
from generation.upscaling import UpscalerName
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

CPU = torch.device("cpu")


def picture(image: Image.Image) -> bytes:
    data = BytesIO()
    image.convert("RGB").save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tiny.stable_diffusion_3(tmp_path_factory.mktemp("three"))
    return Catalogue([ModelSpec("three", str(folder), width=64, height=64)])


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        "a fox", seed=3, model="three", width=64, height=64, steps=3, guidance_scale=3.5, sampler=Sampler.OWN
    )


def only_in(dtype: torch.dtype, whole: Any, drawn: list[torch.dtype]) -> Any:
    """A network's forward that gives NaN in every number format but one."""

    def forward(self: Any, *inputs: Any, **named: Any) -> Any:
        drawn.append(self.dtype)
        [prediction, *rest] = whole(self, *inputs, **named)
        return [prediction if self.dtype is dtype else torch.full_like(prediction, float("nan")), *rest]

    return forward


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.usefixtures("without_families")
def test_a_pipeline_of_its_own_draws_once_more_in_float32(
    three: Catalogue, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    precise = LoopDriver(ModelCache(three, CPU, torch.float32))
    precise.admit(1, replace(fox, count=2))
    precise.run()
    half = ModelCache(three, CPU, torch.bfloat16)
    model, drawn = half.any("three", lambda share: None), list[torch.dtype]()
    assert isinstance(model, PipelineModel)
    network = type(model.pipeline.transformer)
    monkeypatch.setattr(network, "forward", only_in(torch.float32, network.forward, drawn))
    coarse = LoopDriver(half)
    coarse.admit(1, replace(fox, count=2))
    coarse.run()
    for index in range(2):
        assert abs(coarse.pixels(1, index) - precise.pixels(1, index)).max() <= 1
    assert "float32" in coarse.completed(1).circumstances
    assert "bfloat16" not in coarse.completed(1).circumstances
    assert drawn == [torch.bfloat16] * 3 + [torch.float32] * 6
    assert any(isinstance(event, Loading) for event in coarse.of(1))


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.usefixtures("without_families")
def test_a_pipeline_of_its_own_that_is_broken_in_float32_too_fails(
    three: Catalogue, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = ModelCache(three, CPU, torch.bfloat16)
    model, drawn = half.any("three", lambda share: None), list[torch.dtype]()
    assert isinstance(model, PipelineModel)
    network = type(model.pipeline.transformer)
    monkeypatch.setattr(network, "forward", only_in(torch.float64, network.forward, drawn))
    driver = LoopDriver(half)
    driver.admit(1, fox)
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.BROKEN_PICTURE
    assert drawn == [torch.bfloat16] * 3 + [torch.float32] * 3


@pytest.mark.parametrize("mended", [True, False])
def test_a_creative_upscale_draws_once_more_in_float32_and_then_fails(
    small: Catalogue, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch, mended: bool
) -> None:
    half = ModelCache(small, CPU, torch.bfloat16)
    network, drawn = type(half.take("small", lambda share: None).unet), list[torch.dtype]()
    works = torch.float32 if mended else torch.float64
    monkeypatch.setattr(network, "forward", only_in(works, network.forward, drawn))
    driver, asked = LoopDriver(half), replace(apple, model="small")
    data = picture(Image.radial_gradient("L").resize((64, 64)))
    driver.loop.admit(Job(1, "one", Upscale(asked, data, upscaler=UpscalerName.LANCZOS, manner=Manner.CREATIVE)))
    driver.run()
    assert drawn == [torch.bfloat16, torch.float32]
    if mended:
        assert driver.pixels(1).std() > 5
        assert driver.completed(1).circumstances.startswith("cpu, float32, tile by tile")
    else:
        ending = driver.of(1)[-1]
        assert isinstance(ending, Failed)
        assert ending.kind is FailureKind.BROKEN_PICTURE


def test_an_autoencoder_that_overflows_in_float16_decodes_in_float32(
    small: Catalogue, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = ModelCache(small, CPU, torch.float16)
    model, driver = half.take("small", lambda share: None), LoopDriver(half)
    model.vae.decoder.conv_in.register_forward_hook(lambda _, __, signal: signal * 1e5)
    monkeypatch.setattr(half, "in_float32", lambda *_: pytest.fail("the latents were sound"))
    asked = replace(apple, model="small")
    driver.admit(1, asked)
    driver.admit(2, replace(asked, seed=8))
    driver.run()
    assert min(driver.pixels(job_id).std() for job_id in (1, 2)) > 5
    assert (model.unet.dtype, model.vae.dtype) == (torch.float16, torch.float32)


def test_what_starts_from_a_black_picture_may_be_black(
    cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UNetModel, "decode", lambda *_: torch.zeros((1, 128, 128, 3), dtype=torch.uint8))
    driver = LoopDriver(cache)
    over = replace(apple, denoising_strength=0.5)
    driver.admit(1, over, Inputs(picture(Image.new("RGB", (128, 128), "#010101"))))
    driver.admit(2, over, Inputs(picture(Image.radial_gradient("L"))))
    driver.run()
    assert not driver.pixels(1).any()
    assert isinstance(driver.of(2)[-1], Failed)
