import asyncio
import time

import pytest

from bot.cli.soak import load
from bot.cli.soak.blocks import Blocks
from bot.locales.durations import about


def test_jains_index_is_one_where_all_wait_alike_and_a_share_where_one_waits_alone() -> None:
    assert load.jain([3, 3, 3]) == pytest.approx(1)
    assert load.jain([5, 0, 0, 0]) == pytest.approx(0.25)
    assert load.jain([]) == 0


def test_an_announcement_is_judged_by_how_long_it_took_from_then_on() -> None:
    texts = {
        "Next in the queue… · a few seconds": 0.0,
        f"▰▱  step 1 of 2 · {about(45)}": 45.0,
        f"Waiting: number 7 in the queue… · {about(120)}": 120.0,
        f"Waiting: number 7 in the queue… · {about(5400)}": 5400.0,
        f"Waiting: number 7 in the queue… · {about(90_000)}": 90_000.0,
        "a fox · <@1>": None,
    }
    assert {text: load.announced_in(text) for text in texts} == texts
    assert load.Wait(9.0).error is None
    assert load.Wait(20.0, announced=10.0, remained=8.0).error == pytest.approx(0.25)
    assert load.Wait(9.0, announced=0.0, remained=4.0).error == 0
    assert load.Wait(9.0, announced=0.0, remained=20.0).error == pytest.approx(0.75)


async def test_members_are_acknowledged_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "THINK_SECONDS", 0.2)
    monkeypatch.setattr(load, "STEP_SECONDS", 0.02)
    figures = await load.measure(members=4, seconds=0.5)
    assert figures["spike_acknowledged"] + figures["spike_busy"] == 4
    assert figures["spike_unanswered"] == figures["spike_lost"] == 0
    assert 0 < figures["spike_ack_p99_ms"] < 3000
    assert 0 < figures["steady_ack_p50_ms"] <= figures["steady_ack_p99_ms"] < 3000
    assert figures["steady_requests"] >= 4
    assert 0 <= figures["announced"] <= figures["steady_requests"]
    assert figures["announced_error_median"] >= 0
    assert figures["median_wait_s"] > 0
    assert figures["longest_block_ms"] > 0
    assert 0 < figures["fairness"] <= 1


def spin(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_block_counts_for_whoever_causes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.events.Handle, "_run", asyncio.events.Handle._run)
    blocks = Blocks()
    blocks.install()
    asyncio.run(asyncio.wait_for(_spinning(0.02), 5))
    assert blocks.libraries >= 0.02
    assert blocks.ours < 0.02
    monkeypatch.setattr("bot.cli.soak.blocks._OURS", (__file__,))
    blocks.reset()
    asyncio.run(_spinning(0.02))
    assert blocks.ours >= 0.02
    assert "_spinning" in blocks.our_callback


async def _spinning(seconds: float) -> None:
    spin(seconds)
