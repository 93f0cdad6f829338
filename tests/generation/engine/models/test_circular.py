"""Pictures that continue at their opposite edges."""

from dataclasses import replace

import numpy
import pytest
import torch

from generation.engine.denoising.decoding import Decoding
from generation.engine.denoising.state import DenoisingState
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings
from tests.generation.engine.conftest import LoopDriver

ACROSS = 16


@pytest.fixture(scope="module")
def cache(tiny_cache: ModelCache) -> ModelCache:
    return tiny_cache


@pytest.fixture
def tiled(apple: GenerationSettings) -> GenerationSettings:
    return replace(apple, width=256, height=256, steps=2, tile=True)


def rolled(tensor: torch.Tensor, by: int = ACROSS) -> torch.Tensor:
    return tensor.roll((by, by), (-2, -1))


@pytest.mark.parametrize("tile", [True, False])
def test_a_network_knows_no_edges_where_a_picture_tiles(
    pocket: UNetModel, tiled: GenerationSettings, tile: bool
) -> None:
    settings = replace(tiled, tile=tile)
    state, (row, _) = DenoisingState(pocket, settings), pocket.encode_prompts(settings)
    with torch.inference_mode():
        at, moved = (pocket.predict(each, state.timestep[None], [row]) for each in (state.input, rolled(state.input)))
    assert torch.allclose(rolled(at), moved, atol=1e-4) is tile


def test_the_pixels_go_on_at_the_opposite_edge(pocket: UNetModel, tiled: GenerationSettings) -> None:
    """The picture of moved latents is the moved picture, but for what attention sees of the margin."""
    state = DenoisingState(pocket, tiled)
    latents = state.result / state.result.std()

    def decoded(latents: torch.Tensor, tile: bool) -> torch.Tensor:
        state._latents, state.settings = latents, replace(state.settings, tile=tile)
        return Decoding(state).pixels().permute(2, 0, 1).float()

    def seam(tile: bool) -> float:
        """By how many of 255 pixels differ where the edges meet."""
        changed = (rolled(decoded(latents, tile), 8 * ACROSS) - decoded(rolled(latents), tile)).abs()
        return float(changed[:, 124:132].mean())

    with torch.inference_mode():
        assert seam(tile=True) < 2 < 20 < seam(tile=False)
        assert decoded(latents, tile=True).shape == (3, 256, 256)


def test_strangers_are_drawn_as_ever(cache: ModelCache, apple: GenerationSettings) -> None:
    alone, together = (LoopDriver(cache, BatchSizing(4, strict=True)) for _ in range(2))
    theirs, mine = apple, replace(apple, tile=True)
    for number, each in ((1, theirs), (2, mine)):
        alone.admit(number, each)
        alone.run()
        together.admit(number, each)
    together.run()
    for number in (1, 2):
        assert numpy.array_equal(alone.pixels(number), together.pixels(number))
    assert not numpy.array_equal(alone.pixels(1), alone.pixels(2))
