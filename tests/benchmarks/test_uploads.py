from pathlib import Path

from benchmarks import uploads


async def test_ten_large_pictures_at_once_keep_a_running_bot_below_300_mb(tmp_path: Path) -> None:
    peaks = await uploads.measure(side=7000, people=10, folder=tmp_path)
    assert peaks.states == {"failed": 10}, "each is refused, for it has more than 25 million pixels"
    assert peaks.before < peaks.bot < 300
    assert peaks.decoders > 0
