"""The noise that comes with a picture is the one it started from."""

from dataclasses import replace

import numpy
import pytest
import torch

from generation.engine.models.unet_model import UNetModel
from generation.pictures import Preview
from generation.settings import GenerationSettings
from tests.generation.engine.conftest import LoopDriver


@pytest.fixture
def apple(apple: GenerationSettings) -> GenerationSettings:
    """Of the model's own size."""
    return replace(apple, width=128, height=128)


def noise_after(driver: LoopDriver, job_id: int, settings: GenerationSettings) -> Preview:
    driver.admit(job_id, settings)
    driver.run()
    noise = driver.completed(job_id).pictures[0].noise
    assert noise is not None
    return noise


def squares(noise: Preview) -> numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]:
    return numpy.frombuffer(noise.rgb, numpy.uint8).reshape(noise.height, noise.width, 3)


@pytest.fixture
def short(apple: GenerationSettings) -> GenerationSettings:
    return replace(apple, steps=1)


def test_it_is_the_seeds_own_through_the_models_map(
    driver: LoopDriver, pocket: UNetModel, short: GenerationSettings
) -> None:
    drawn = torch.randn((1, pocket.latent_channels, 16, 16), generator=torch.Generator("cpu").manual_seed(7))
    assert noise_after(driver, 1, short) == pocket.preview(drawn)
    assert noise_after(driver, 2, replace(short, prompt="a cat")) == pocket.preview(drawn)
    assert noise_after(driver, 3, replace(short, seed=8)) != pocket.preview(drawn)


def test_another_size_is_other_noise_and_the_size_link_keeps_the_middle(
    driver: LoopDriver, short: GenerationSettings
) -> None:
    wide = replace(short, width=160)
    own, other = (squares(noise_after(driver, number, each)) for number, each in enumerate((short, wide)))
    linked = squares(noise_after(driver, 2, replace(wide, seed_width=128, seed_height=128)))
    assert own.shape == (16, 16, 3)
    assert other.shape == linked.shape == (16, 20, 3)
    assert (linked[:, 2:18] == own).all()
    assert (other[:, 2:18] != own).any(axis=-1).mean() > 0.9
    assert (linked[:, :2] != other[:, :2]).any()
