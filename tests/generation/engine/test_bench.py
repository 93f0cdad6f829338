from collections.abc import Callable

import torch

from generation.catalogue import POCKET, Catalogue
from generation.engine.bench import compare
from generation.engine.explain_bench import cost_to_others
from generation.engine.models import Model
from generation.engine.shelf import Shelf
from generation.engine.sizing import Sizing


def test_every_figure_is_there_and_the_pixels_agree_in_float32() -> None:
    half = Shelf(Catalogue([POCKET]), torch.device("cpu"), torch.bfloat16)
    figures = compare(half, "pocket", jobs=2, sizing=Sizing(4))
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


def test_what_an_explanation_costs_others_is_little_by_a_clock_that_counts_work(shelf: Shelf, pocket: Model) -> None:
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
        cost = cost_to_others(shelf, pocket, Sizing(8), clock=lambda: now, repeats=1)
    finally:
        for hook in hooks:
            hook.remove()
    assert 1 < cost < 1.05
