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
from generation.engine.benchmarking import bench, explain_bench, flow_bench
from generation.engine.benchmarking.bench import compare
from generation.engine.benchmarking.contest import Contest, most_apart
from generation.engine.benchmarking.explain_bench import cost_to_others
from generation.engine.benchmarking.stock_unet import stock_of
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
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
    monkeypatch.setattr(bench, "LEAST_STEPS", 4)
    monkeypatch.setattr(bench, "ALONE_STEPS", 3)
    monkeypatch.setattr(flow_bench, "ROUNDS", 1)
    monkeypatch.setattr(explain_bench, "STRANGERS_STEPS", 6)
    monkeypatch.setattr(explain_bench, "STEPS", 3)
    monkeypatch.setattr(bench, "cost_to_others", partial(cost_to_others, repeats=1))


@pytest.mark.usefixtures("brief")
def test_in_float32_there_is_one_figure_of_each_kind(cache: ModelCache) -> None:
    """What would be compared with float32 is measured already."""
    figures = compare(cache, "pocket", jobs=2, sizing=BatchSizing(4))
    assert not [name for name in figures if "float32" in name]
    assert figures["throughput_ratio"].median > 0
    assert figures["pixel_max_diff"] <= 1


@pytest.mark.parametrize(
    ("make", "clip_skips"), [(tiny.checkpoint_1, (1, 2)), (tiny.checkpoint_xl, (1,))], ids=["1", "XL"]
)
def test_the_stock_pipeline_draws_from_one_file_in_the_home_directory_at_the_model_s_clip_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], clip_skips: tuple[int, ...]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pipeline = DiffusionPipeline.from_pretrained(make(tmp_path / "folder"))
    single_file.write(pipeline, tmp_path / "file.safetensors")
    spec = ModelSpec("mine", "~/file.safetensors", width=64, height=64)
    cache = ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32)
    model = cache.take("mine", lambda share: None)
    ready = Contest(cache, model, stock_of(model), BatchSizing(4))
    for clip_skip in clip_skips:
        named = replace(model, spec=replace(spec, clip_skip=clip_skip))
        mixed = [replace(each, steps=4) for each in bench.mixed_jobs(named, 2)]
        ours, theirs = ready.ours(mixed), ready.theirs(mixed)
        assert most_apart(ours, theirs) <= 1
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
    assert 1 < cost.median < 1.05


@pytest.mark.usefixtures("brief")
def test_the_program_prints_every_figure_that_the_texts_name_and_pixels_agree_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = "".join((ROOT / each).read_text() for each in ("README.md", "benchmarks/README.md"))
    named = set(re.findall(r"`([a-z0-9]+_[a-z0-9_]+)`", texts)) - {"throughput_ratio_spread"}
    assert {"throughput_ratio", "explain_cost_to_others"} <= named
    spec = ModelSpec("mine", str(tiny.checkpoint_1(tmp_path)), width=64, height=64)
    options = wire.Configure(models=(spec,), device="cpu", dtype="bfloat16", largest_batch=4)
    monkeypatch.setattr("sys.argv", ["bench", "mine", "--jobs", "2"])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(wire.pack(options))))
    bench.main()
    figures = json.loads(capsys.readouterr().out)
    assert named <= figures.keys()
    assert {"flow_throughput_ratio", "flow_throughput_ceiling"} <= figures.keys()
    assert all(isinstance(figures[name], int | float) for name in named)
    assert all(figures[name] > 0 for name in named if not name.startswith("pixel"))
    assert (figures["dtype"], figures["device"], figures["bucket"], figures["jobs"]) == ("bfloat16", "cpu", 4, 2)
    assert figures["pixel_max_diff"] <= 1 < figures["pixel_max_diff_from_float32"] <= 255
    throughput = ("throughput_ratio", "throughput_ratio_float32", "throughput_ratio_to_float32")
    assert len({figures[name] for name in throughput}) == 3
    assert {*throughput, "flow_throughput_ratio"} <= {*figures["unsettled"]}, "they were measured once"
    assert figures["throughput_ratio_spread"] is None
