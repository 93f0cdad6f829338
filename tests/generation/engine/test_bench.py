from generation.engine.bench import compare
from generation.engine.models import Model
from generation.engine.shelf import Shelf
from generation.engine.sizing import Sizing


def test_every_figure_is_there_and_the_pixels_agree(shelf: Shelf, pocket: Model) -> None:
    figures = compare(shelf, "pocket", jobs=2, sizing=Sizing(4))
    assert figures["pixel_max_diff"] <= 1
    assert figures["pixel_max_diff_from_float32"] == figures["pixel_max_diff"]
    assert figures["throughput_ratio_to_float32"] == figures["throughput_ratio"]
    assert (figures["dtype"], figures["device"], figures["bucket"], figures["jobs"]) == ("float32", "cpu", 4, 2)
    ratios = ("throughput_ratio", "ceiling_fraction", "first_preview_ratio", "single_job_overhead")
    assert all(isinstance(figures[name], float) and figures[name] > 0 for name in (*ratios, "preview_cost_fraction"))
    assert 0.8 < figures["explain_cost_to_others"] < 1.2
