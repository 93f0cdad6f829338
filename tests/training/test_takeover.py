"""A larger network that takes over a smaller one's weights begins by doing what the smaller one did."""

import pytest
import torch
from torch import nn

from training.networks import autoencoder, unet
from training.takeover import blend, take_over


def test_a_wider_network_does_what_the_narrower_did() -> None:
    torch.manual_seed(0)
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    first = nn.Conv2d(3, 7, 3)
    large = nn.Sequential(first, nn.ReLU(), nn.Conv2d(7, 5, 3))
    take_over(large, small.state_dict())
    pictures = torch.randn(2, 3, 9, 9)
    assert torch.allclose(large(pictures)[:, :2], small(pictures), atol=1e-6)
    assert first.weight[4:].abs().max() > 0, "the added channels are fresh, else they would all learn the same"


def test_a_wider_autoencoder_knows_what_the_narrower_knew() -> None:
    torch.manual_seed(0)
    small = autoencoder(16, (0, 1, 1, 1), (1, 1, 1, 0)).eval()
    large = autoencoder(24, (0, 1, 1, 1), (1, 1, 1, 0)).eval()
    take_over(large, small.state_dict())
    pictures = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(large.encode(pictures).latents, small.encode(pictures).latents, atol=1e-5)
        latents = small.encode(pictures).latents
        assert torch.allclose(large.decode(latents).sample, small.decode(latents).sample, atol=1e-5)


def test_equal_sizes_are_copied_whole() -> None:
    one, other = unet((32, 32, 32)), unet((32, 32, 32))
    take_over(other, one.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_nothing_shrinks() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        take_over(nn.Linear(3, 3), nn.Linear(4, 3).state_dict())


def test_a_share_of_what_was_learned_lies_between_both() -> None:
    earlier, later = nn.Linear(3, 3), nn.Linear(3, 3)
    began, ended = earlier.weight.clone(), later.weight.clone()
    blend(later, earlier.state_dict(), 0.25)
    assert torch.allclose(later.weight, began + 0.25 * (ended - began))
    assert torch.equal(earlier.weight, began)
