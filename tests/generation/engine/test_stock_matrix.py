"""The pictures of `stock_matrix` have every three values of its factors meet."""

from itertools import combinations, product

from tests.generation.engine.stock import WITHOUT_NOISE
from tests.generation.engine.stock_matrix import CLIP_SKIPS, SCALES, WAYS, settings_of


def test_every_three_values_of_way_sampler_guidance_and_clip_skip_meet() -> None:
    covered = [
        (way, asked.sampler, asked.guidance_scale, asked.clip_skip)
        for way, scale in product(WAYS, SCALES)
        for asked in settings_of(way, scale)
    ]
    assert len(covered) == len(set(covered)) == len(WAYS) * len(WITHOUT_NOISE) * len(SCALES)
    factors: list[list[object]] = [list(WAYS), list(WITHOUT_NOISE), list(SCALES), list(CLIP_SKIPS)]
    for three in combinations(range(len(factors)), 3):
        met = {tuple(values[factor] for factor in three) for values in covered}
        assert met == set(product(*(factors[factor] for factor in three)))
