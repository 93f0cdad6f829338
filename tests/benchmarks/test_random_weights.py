import pytest
import torch

from benchmarks import random_weights


@pytest.mark.parametrize(("size", "millions"), [("sd15", 859.5), ("sdxl", 2567.5)])
def test_the_networks_have_the_parameters_of_the_published_ones(size: str, millions: float) -> None:
    with torch.device("meta"):
        unet = getattr(random_weights, f"{size}_unet")()
    assert sum(each.numel() for each in unet.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)
