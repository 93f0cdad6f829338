"""Which noise levels the UNet learns from."""

import torch

from training.unet import drawn_timesteps


def test_timesteps_lean_to_the_noisy_end_and_come_in_opposite_pairs() -> None:
    torch.manual_seed(0)
    timesteps = drawn_timesteps(4000, even=False)
    assert timesteps.min() >= 0
    assert timesteps.max() <= 999
    quarters = torch.bincount(timesteps // 250, minlength=4) / len(timesteps)
    torch.testing.assert_close(quarters, torch.tensor([1, 3, 5, 7]) / 16, atol=0.01, rtol=0)
    pairs = (timesteps.view(2, -1) / 1000).square().sum(0)
    torch.testing.assert_close(pairs, torch.ones(4000), atol=0.003, rtol=0)


def test_in_the_end_all_noise_levels_count_alike() -> None:
    torch.manual_seed(0)
    timesteps = drawn_timesteps(4000, even=True)
    quarters = torch.bincount(timesteps // 250, minlength=4) / len(timesteps)
    torch.testing.assert_close(quarters, torch.full((4,), 0.25), atol=0.01, rtol=0)
    assert (timesteps.view(2, -1).sum(0) - 999).abs().max() <= 1
