"""Previews of latents in the layouts of several pipelines, whose autoencoders average colours."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import torch
from diffusers import ErnieImagePipeline, Flux2Pipeline, FluxPipeline, Krea2Pipeline

from generation.engine.latents.pipeline_previews import PipelinePreview
from generation.settings import GenerationSettings

MEAN, STD = [0.1, 0.2, 0.0, 0.0], [2.0, 1.0, 0.5, 1.0]

SIZE = GenerationSettings("a fox", seed=1, model="it", width=96, height=64)


def averaged(pixels: torch.Tensor, factor: int = 8) -> torch.Tensor:
    """The mean colours of squares, and a channel that is none."""
    colours = torch.nn.functional.avg_pool2d(pixels, factor)
    return torch.cat([colours, colours[:, :1] * 0], dim=1)


class Averaging(torch.nn.Module):
    """An autoencoder whose latents are mean colours."""

    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, answer: Callable[[torch.Tensor], Any], **config: Any) -> None:
        super().__init__()
        self.answer = answer
        self.config = SimpleNamespace(**config)

    def encode(self, pixels: torch.Tensor) -> Any:
        return self.answer(pixels)


def distribution(latents: torch.Tensor) -> Any:
    return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))


def of_films() -> Averaging:
    def answer(pixels: torch.Tensor) -> Any:
        assert pixels.shape[2] == 1, "one frame"
        return distribution(averaged(pixels[:, :, 0])[:, :, None])

    vae = Averaging(answer, latents_mean=MEAN, latents_std=STD)
    vae.frames = torch.nn.Conv3d(1, 1, 1)
    return vae


def of_patches() -> Averaging:
    vae = Averaging(lambda pixels: distribution(averaged(pixels)))
    vae.bn = torch.nn.BatchNorm2d(16)
    vae.bn.load_state_dict(
        {"running_mean": torch.full((16,), 0.3), "running_var": torch.full((16,), 4.0)}, strict=False
    )
    return vae


def packed(latents: torch.Tensor) -> torch.Tensor:
    return FluxPipeline._pack_latents(latents, *latents.shape)  # type: ignore[no-any-return]


def as_krea(latents: torch.Tensor) -> torch.Tensor:
    own = SimpleNamespace(patch_size=2)
    return Krea2Pipeline._pack_latents(own, latents, *latents.shape)  # type: ignore[no-any-return]


def normalised(latents: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(each).view(1, 4, 1, 1) for each in (MEAN, STD))
    return (latents - mean) / std


def patches(latents: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = (Flux2Pipeline._patchify_latents(latents) - 0.3) / (4 + 1e-5) ** 0.5
    return found


def pipeline(like: Any, vae: Averaging, **more: Any) -> Any:
    """As much of a pipeline as its previews need."""
    names = ("_unpack_latents", "_patchify_latents")
    methods = {name: vars(like)[name] for name in names if name in vars(like)}
    made = type(like.__name__, (), methods)()
    for name, value in {"vae": vae, "vae_scale_factor": 8, **more}.items():
        setattr(made, name, value)
    return made


LAYOUTS: dict[str, tuple[Any, Callable[[torch.Tensor], torch.Tensor], int]] = {
    "FLUX": (pipeline(FluxPipeline, Averaging(lambda pixels: distribution(averaged(pixels)))), packed, 8),
    "FLUX.2": (pipeline(Flux2Pipeline, of_patches()), lambda plain: Flux2Pipeline._pack_latents(patches(plain)), 16),
    "ERNIE": (pipeline(ErnieImagePipeline, of_patches()), patches, 16),
    "Krea": (pipeline(Krea2Pipeline, of_films(), patch_size=2), lambda latents: as_krea(normalised(latents)), 8),
    "Sana": (
        pipeline(object, Averaging(lambda pixels: SimpleNamespace(latent=averaged(pixels, 32)), scaling_factor=0.4)),
        lambda latents: 0.4 * torch.nn.functional.avg_pool2d(latents, 4),
        32,
    ),
    "Kandinsky": (
        pipeline(object, Averaging(lambda pixels: distribution(averaged(pixels)), scaling_factor=2.0)),
        lambda latents: 2 * latents.movedim(1, -1)[:, None],
        8,
    ),
}
"""The pipeline, what its latents are of an autoencoder's, and the pixels of a preview's pixel."""


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_preview_has_the_colours_of_the_picture(name: str) -> None:
    own, layout, factor = LAYOUTS[name]
    colours = torch.rand((1, 3, 2, 3), generator=torch.Generator().manual_seed(5))
    picture = colours.repeat_interleave(32, -1).repeat_interleave(32, -2)
    preview = PipelinePreview.fitted_to(own)
    assert preview is not None
    seen = preview.of(layout(averaged(picture * 2 - 1)), SIZE)
    assert seen is not None
    assert (seen.width, seen.height) == (96 // factor, 64 // factor)
    shown = numpy.frombuffer(seen.rgb, dtype=numpy.uint8).reshape(seen.height, seen.width, 3)
    wanted = torch.nn.functional.avg_pool2d(picture, factor)[0].movedim(0, -1).numpy() * 255
    assert abs(shown - wanted).max() <= 3


def test_latents_that_are_no_map_of_pixels_have_no_preview() -> None:
    lost = pipeline(object, Averaging(lambda pixels: SimpleNamespace(codes=pixels)))
    assert PipelinePreview.fitted_to(lost) is None
    assert PipelinePreview.fitted_to(object()) is None
