import torch

from generation.catalogue import POCKET, Catalogue
from generation.engine.bench import compare
from generation.engine.shelf import Shelf
from generation.engine.sizing import Sizing


def test_every_figure_is_there_and_the_pixels_agree_in_float32() -> None:
    half = Shelf(Catalogue([POCKET]), torch.device("cpu"), torch.bfloat16)
    figures = compare(half, "pocket", jobs=2, sizing=Sizing(4))
    assert figures["pixel_max_diff"] <= 1
    assert 1 < figures["pixel_max_diff_from_float32"] <= 255
    assert (figures["dtype"], figures["device"], figures["bucket"], figures["jobs"]) == ("bfloat16", "cpu", 4, 2)
    throughput = ("throughput_ratio", "throughput_ratio_float32", "throughput_ratio_to_float32")
    others = ("ceiling_fraction", "first_preview_ratio", "single_job_overhead", "preview_cost_fraction")
    assert all(isinstance(figures[name], float) and figures[name] > 0 for name in (*throughput, *others))
    assert len({figures[name] for name in throughput}) == 3
    assert 0.8 < figures["explain_cost_to_others"] < 1.2
