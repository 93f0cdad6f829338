import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers import DiffusionPipeline

from generation import wire
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.benchmarking import bench, flow_bench
from generation.engine.benchmarking.bench import compare
from generation.engine.benchmarking.explain_bench import cost_to_others
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings
from tests.generation.engine import single_file, tiny

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def cache(tiny_cache: ModelCache) -> ModelCache:
    """A tiny model: no test here looks at what a picture shows."""
    return tiny_cache


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is measured is measured once, of few steps."""
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ALONE_STEPS", 3)
    monkeypatch.setattr(flow_bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "cost_to_others", partial(cost_to_others, repeats=1))


@pytest.mark.usefixtures("brief")
def test_every_figure_is_there_and_the_pixels_agree_in_float32(tmp_path: Path) -> None:
    spec = ModelSpec("mine", str(tiny.checkpoint_1(tmp_path)), width=64, height=64)
    half = ModelCache(Catalogue([spec]), torch.device("cpu"), torch.bfloat16)
    figures = compare(half, "mine", jobs=2, sizing=BatchSizing(4))
    assert figures["pixel_max_diff"] <= 1
    assert 1 < figures["pixel_max_diff_from_float32"] <= 255
    assert (figures["dtype"], figures["device"], figures["bucket"], figures["jobs"]) == ("bfloat16", "cpu", 4, 2)
    throughput = ("throughput_ratio", "throughput_ratio_float32", "throughput_ratio_to_float32")
    others = (
        "ceiling_fraction",
        "first_preview_ratio",
        "single_job_overhead",
        "preview_cost_fraction",
        "explain_cost_to_others",
    )
    assert all(isinstance(figures[name], float) and figures[name] > 0 for name in (*throughput, *others))
    assert len({figures[name] for name in throughput}) == 3


@pytest.mark.parametrize(
    ("make", "clip_skip"),
    [(tiny.checkpoint_1, 2), (tiny.checkpoint_1, 1), (tiny.checkpoint_xl, 1)],
    ids=["1 at clip skip 2", "1", "XL"],
)
def test_the_stock_pipeline_draws_from_one_file_in_the_home_directory_at_the_model_s_clip_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], clip_skip: int
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pipeline = DiffusionPipeline.from_pretrained(make(tmp_path / "folder"))
    single_file.write(pipeline, tmp_path / "file.safetensors")
    spec = ModelSpec("mine", "~/file.safetensors", width=64, height=64, clip_skip=clip_skip)
    cache = ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32)
    model = cache.take("mine", lambda share: None)
    mixed = [replace(each, steps=4) for each in bench.mixed_jobs(model, 2)]
    [(ours, theirs)] = bench.in_turns(cache, model, mixed, BatchSizing(4), rounds=1)
    assert bench.most_apart(ours, theirs) <= 1
    assert theirs.pictures[0].std() > 5


def test_what_an_explanation_costs_others_is_little_by_a_clock_that_counts_work(
    cache: ModelCache, pocket: UNetModel
) -> None:
    """A forward takes a second, and decoding a fifth of one, whatever else the machine does."""
    now = 0.0

    def takes(seconds: float) -> Callable[..., None]:
        def work(*_: object) -> None:
            nonlocal now
            now += seconds

        return work

    hooks = [
        pocket.unet.register_forward_hook(takes(1.0)),
        pocket.vae.decoder.register_forward_hook(takes(0.2)),
    ]
    try:
        cost = cost_to_others(cache, pocket, BatchSizing(8), clock=lambda: now, repeats=1)
    finally:
        for hook in hooks:
            hook.remove()
    assert 1 < cost < 1.05


def test_rows_that_fill_up_are_no_work(pocket: UNetModel, apple: GenerationSettings) -> None:
    mixed = [replace(apple, steps=3), replace(apple, steps=2, guidance_scale=1.0)]
    assert bench.useful(bench.Run(forwards=[4, 4, 4, 4]), mixed, pocket) == 8 / 16


def test_what_is_bare_is_the_networks_alone(pocket: UNetModel, apple: GenerationSettings) -> None:
    rows, decoded = list[int](), list[int]()
    hooks = [
        pocket.unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0]))),
        pocket.vae.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(len(inputs[0]))),
    ]
    try:
        assert bench.Bare(pocket, apple).seconds([2, 4, 2], decoded=True) > 0
    finally:
        for hook in hooks:
            hook.remove()
    assert sorted(rows[:2]) == [2, 4], "each size once beforehand, which does not count"
    assert rows[2:] == [2, 4, 2]
    assert decoded == [1]


@pytest.mark.usefixtures("brief")
def test_the_program_prints_every_figure_that_the_texts_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = "".join((ROOT / each).read_text() for each in ("README.md", "benchmarks/README.md"))
    named = set(re.findall(r"`([a-z0-9]+_[a-z0-9_]+)`", texts))
    assert {"throughput_ratio", "explain_cost_to_others"} <= named
    spec = ModelSpec("tiny", str(tiny.stable_diffusion_1(tmp_path)), width=64, height=64)
    options = wire.Configure(models=(spec,), device="cpu", dtype="bfloat16", largest_batch=4)
    monkeypatch.setattr("sys.argv", ["bench", "tiny", "--jobs", "2"])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(wire.pack(options))))
    bench.main()
    figures = json.loads(capsys.readouterr().out)
    assert named <= figures.keys()
    assert {"flow_throughput_ratio", "flow_throughput_ceiling"} <= figures.keys()
    assert all(isinstance(figures[name], int | float) for name in named)
    assert (figures["jobs"], figures["bucket"], figures["dtype"]) == (2, 4, "bfloat16")
