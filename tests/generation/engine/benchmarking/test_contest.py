"""Contests by a clock that counts work: a forward takes a second whatever its rows, decoding half of one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from generation.engine.benchmarking import contest
from generation.engine.benchmarking.contest import Bare, Contest, Run
from generation.engine.benchmarking.ratios import Ratio
from generation.engine.benchmarking.stock_unet import StockUNet
from generation.engine.denoising.state import DenoisingState
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings


class Works:
    """What the networks did, and the time that it took."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rows: list[int] = []
        self.decoded = 0

    def forward(self, _: object, inputs: tuple[list[object], ...], *__: object) -> None:
        self.now += 1.0
        self.rows.append(len(inputs[0]))

    def decode(self, *_: object) -> None:
        self.now += 0.5
        self.decoded += 1


@pytest.fixture
def cache(tiny_cache: ModelCache) -> ModelCache:
    return tiny_cache


@pytest.fixture
def works(pocket: UNetModel) -> Iterator[Works]:
    works = Works()
    hooks = [
        pocket.unet.register_forward_pre_hook(works.forward),
        pocket.vae.decoder.register_forward_pre_hook(works.decode),
    ]
    yield works
    for hook in hooks:
        hook.remove()


@pytest.fixture
def ready(cache: ModelCache, pocket: UNetModel, works: Works) -> Contest:
    """With a pipeline of the same networks, whose work counts as well."""
    stock = StockUNet(pocket, pocket.pipeline)
    return Contest(cache, pocket, stock, BatchSizing(4), clock=lambda: works.now)


def test_rounds_alternate_and_come_to_the_ratio_of_the_work(
    ready: Contest, works: Works, apple: GenerationSettings
) -> None:
    """Two guided jobs of three steps: three forwards of four rows instead of six of two."""
    jobs = [replace(apple, steps=3, seed=seed) for seed in range(2)]
    rounds = ready.rounds(jobs, 2)
    ours, theirs, bare = [4] * 3, [2] * 6, [4] + [4] * 3
    assert works.rows == 2 * [*ours, *theirs, *bare]
    figures = contest.figures(ready.model, jobs, rounds)
    assert figures["throughput_ratio"] == Ratio((7 / 4,) * 2), "decoding of both is counted in"
    assert figures["ceiling_fraction"] == Ratio((3 / 4,) * 2)
    assert figures["first_preview_ratio"] == Ratio((((1 + 4.5) / 2) / 1,) * 2)
    assert figures["overhead"] == Ratio((1.0,) * 2)
    assert figures["pictures_a_minute"] == pytest.approx(60 * 2 / 4)
    assert figures["first_preview_seconds"] == 1.0
    assert figures["memory_gb"] is None
    assert figures["bucket"] == 4


def test_both_are_warmed_up(ready: Contest, works: Works, apple: GenerationSettings) -> None:
    ready.warm_up([replace(apple, steps=20, seed=seed) for seed in range(2)])
    assert works.rows == [4, 4, 2, 2]


def test_rows_that_fill_up_are_no_work(pocket: UNetModel, apple: GenerationSettings) -> None:
    mixed = [replace(apple, steps=3), replace(apple, steps=2, guidance_scale=1.0)]
    assert contest.useful(Run(forwards=[4, 4, 4, 4]), mixed, pocket) == 8 / 16


def test_what_is_bare_is_the_networks_alone(pocket: UNetModel, works: Works, apple: GenerationSettings) -> None:
    """Each number of rows runs once beforehand, which does not count."""
    bare = Bare(pocket, apple, clock=lambda: works.now)
    assert bare.seconds([2, 4, 2]) == 3.0
    assert works.rows == [2, 4, 2, 4, 2]
    assert bare.decoding_seconds == 0.5
    assert bare.forward_seconds(3) == 1.0
    assert bare.preview_seconds(3) == 0.0


def test_only_the_first_preview_of_a_job_counts(ready: Contest, apple: GenerationSettings) -> None:
    drawn: dict[str, Callable[[list[GenerationSettings]], Run]] = {"ours": ready.ours, "theirs": ready.theirs}
    for name, by in drawn.items():
        assert by([replace(apple, steps=3)]).first_previews == {0: 1.0}, name


def test_a_job_that_fails_is_no_quick_one(
    ready: Contest, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(DenoisingState, "advance", fails)
    with pytest.raises(RuntimeError, match="job 0 failed: ValueError: broken"):
        ready.ours([replace(apple, steps=1)])
