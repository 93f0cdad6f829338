from dataclasses import replace

import pytest
import torch

from generation.engine.latents.noise import centred, slerp, source, starting_noise
from generation.settings import GenerationSettings


@pytest.fixture
def apple(apple: GenerationSettings) -> GenerationSettings:
    """Of the model's own size."""
    return replace(apple, width=128, height=128)


def noise_of(settings: GenerationSettings) -> torch.Tensor:
    return starting_noise(settings, channels=4, chance=source(settings.seed))


def test_the_noise_is_that_of_a_generator_on_the_cpu(apple: GenerationSettings) -> None:
    expected = torch.randn((1, 4, 12, 20), generator=torch.Generator("cpu").manual_seed(7))
    assert torch.equal(noise_of(replace(apple, width=160, height=96)), expected)


def test_a_variation_goes_from_one_seed_to_the_other(apple: GenerationSettings) -> None:
    mine, theirs = noise_of(apple), noise_of(replace(apple, seed=9))
    varied = replace(apple, variation_seed=9)
    assert torch.equal(noise_of(replace(varied, variation_strength=0.0)), mine)
    assert torch.allclose(noise_of(replace(varied, variation_strength=1.0)), theirs, atol=1e-5)
    distances = [(noise_of(replace(varied, variation_strength=x)) - mine).norm() for x in (0.1, 0.3, 0.6, 0.9)]
    assert distances == sorted(distances)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_a_variation_is_noise_of_the_same_variance(apple: GenerationSettings, strength: float) -> None:
    large = replace(apple, width=512, height=512, variation_seed=9, variation_strength=strength)
    assert abs(float(noise_of(large).std()) - 1) < 0.02


def test_between_equal_noises_there_is_nothing() -> None:
    one = torch.randn(1, 4, 8, 8)
    assert torch.allclose(slerp(one, one, 0.5), one, atol=1e-5)


def test_a_larger_picture_keeps_the_noise_of_the_smaller_in_its_middle(apple: GenerationSettings) -> None:
    small = noise_of(apple)
    large = noise_of(replace(apple, width=192, height=160, seed_width=128, seed_height=128))
    assert large.shape == (1, 4, 20, 24)
    assert torch.equal(large[..., 2:18, 4:20], small)
    assert abs(float(large.std()) - 1) < 0.1


def test_a_smaller_picture_has_the_middle_of_the_larger_ones_noise(apple: GenerationSettings) -> None:
    small = noise_of(replace(apple, width=64, height=96, seed_width=128, seed_height=128))
    assert torch.equal(small, noise_of(apple)[..., 2:14, 4:12])


def test_laid_across() -> None:
    patch, ground = torch.ones(1, 1, 2, 6), torch.zeros(1, 1, 4, 4)
    assert centred(patch, ground)[0, 0].tolist() == [[0] * 4, [1] * 4, [1] * 4, [0] * 4]
