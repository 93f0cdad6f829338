"""Inpainting: the pixels of diffusers' own pipelines, alone and among strangers; see `stock_matrix`."""

import pytest

from generation.engine.scheduling.model_cache import ModelCache
from tests.generation.engine.stock import Stock
from tests.generation.engine.stock_matrix import INPAINTING, SCALES, compare_with_stock


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("way", INPAINTING)
def test_any_guidance_and_clip_skip_alone_and_among_strangers(
    family_cache: ModelCache, stock: Stock, way: str, scale: float
) -> None:
    compare_with_stock(family_cache, stock, way, scale)
