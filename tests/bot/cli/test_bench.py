from bot.cli.bench import lines


def test_each_ratio_is_told_with_its_spread_and_whether_it_is_settled() -> None:
    figures = {
        "throughput_ratio": 2.204,
        "throughput_ratio_spread": 0.042,
        "ceiling_fraction": 0.85,
        "ceiling_fraction_spread": 0.31,
        "once": 1.0,
        "once_spread": None,
        "jobs": 16,
        "pixel_max_diff": None,
        "unsettled": ["ceiling_fraction", "once"],
    }
    assert list(lines(figures)) == [
        "throughput_ratio              2.204     spread 4 %",
        "ceiling_fraction              0.85      spread 31 %, unsettled",
        "once                          1.0       unsettled",
        "jobs                          16",
        "pixel_max_diff                None",
    ]
