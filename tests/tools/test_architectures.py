"""The counts of published networks are those of diffusers and transformers."""

import pytest

from generation.architectures import NETWORKS, Architecture
from generation.networks import Network
from tools import architectures


@pytest.mark.parametrize("name", ["FLUX.1", "UNet of Stable Diffusion XL", "CLIP L", "VAE"])
def test_the_file_has_what_the_libraries_make(name: str) -> None:
    made = architectures.described(name)
    assert NETWORKS[name] == Architecture(made["kind"], made["depth"], made["width"], Network(*made["weights"]))
