"""Shapes and sizes of the networks, and that the autoencoder starts near averaging."""

import torch

from training.crops import decibels
from training.networks import LATENT_CHANNELS, autoencoder, millions, unet
from training.score import ranks
from training.upscaler import SCALE, Upscaler


def test_the_autoencoder_starts_near_the_mean_of_each_block() -> None:
    torch.manual_seed(0)
    model = autoencoder().eval()
    picture = torch.rand(1, 3, 8, 8).repeat_interleave(16, 2).repeat_interleave(16, 3) * 2 - 1
    with torch.no_grad():
        latents = model.encode(picture).latents
        drawn = model.decode(latents).sample
    assert latents.shape == (1, LATENT_CHANNELS, 16, 16)
    plain = torch.stack([latents[0, :3].flatten(), torch.nn.functional.avg_pool2d(picture, 8)[0].flatten()])
    assert torch.corrcoef(plain)[0, 1] > 0.7
    assert drawn.shape == picture.shape


def test_the_unet_takes_sides_of_96_to_192_and_two_timesteps() -> None:
    model = unet((32, 32, 64))
    for height, width in ((12, 24), (16, 16), (24, 20)):
        drawn = model(
            torch.randn(2, LATENT_CHANNELS, height, width),
            torch.tensor([3, 700]),
            torch.randn(2, 32, 256),
            return_dict=False,
        )[0]
        assert drawn.shape == (2, LATENT_CHANNELS, height, width)


def test_the_upscaler_is_small_and_starts_as_plain_enlarging() -> None:
    model = Upscaler()
    assert millions(model) * 2 < 2, "megabytes in half precision"
    picture = torch.rand(1, 3, 6, 5)
    assert torch.equal(model(picture), picture.repeat_interleave(SCALE, 2).repeat_interleave(SCALE, 3))


def test_a_concept_is_as_near_as_its_nearest_picture() -> None:
    distances = torch.tensor([[0.5, 0.1, 0.4, 0.3]])
    owners = torch.tensor([0, 0, 1, 2])
    for wanted, rank in ((0, 0), (2, 1), (1, 2)):
        assert ranks(distances, owners, torch.tensor([wanted]), torch.ones(3, dtype=torch.bool)).item() == rank
    allowed = torch.tensor([False, True, True])
    assert ranks(distances, owners, torch.tensor([2]), allowed).item() == 0


def test_decibels() -> None:
    assert round(decibels(4 / 1000), 6) == 30
