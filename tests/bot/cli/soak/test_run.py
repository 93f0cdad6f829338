"""A short soak: the real bot, its worker, the stand-in and the members, with a few kills."""

from pathlib import Path

import pytest

from bot.cli.soak import run
from bot.cli.soak.actions import MOST_TOGETHER
from bot.cli.soak.processes import NotStarted
from bot.cli.soak.run import Plan
from tests.written import place_of_token

SHORT = ("bot killed", "worker killed", "disk full", "gateway closed", "bot ended by SIGTERM")
SETTLE_SECONDS = 150.0
"""An ending that is refused is tried again for 35 seconds, and then by the reconciler, every minute."""


async def soaked(plan: Plan, folder: Path) -> list[str]:
    """Run a plan; the lines that were printed, for a soak that found nothing."""
    lines: list[str] = []
    outcome = await run.run(plan, folder, lines.append)
    assert outcome.is_clean, lines
    assert plan.jobs <= outcome.accepted < plan.jobs + 2 * MOST_TOGETHER, "reactions make some more"
    assert outcome.posted + outcome.failed == outcome.accepted
    log = (folder / "bot.log").read_text(errors="replace")
    assert "ready as" in log
    assert place_of_token(log) is None
    return lines


async def test_every_request_ends_where_nothing_goes_wrong(tmp_path: Path) -> None:
    *_, last = await soaked(Plan(jobs=30, users=5, seed=1, settle_seconds=SETTLE_SECONDS), tmp_path)
    assert last.startswith("accepted ")
    assert "lost 0, duplicated 0, stuck 0, memory " in last


async def test_every_request_ends_though_bot_and_worker_are_killed(tmp_path: Path) -> None:
    plan = Plan(
        jobs=30,
        users=5,
        seed=2,
        faults=True,
        at_once=4,
        settle_seconds=SETTLE_SECONDS,
        rounds=1,
        disturbances=SHORT,
        scale=0.1,
    )
    lines = await soaked(plan, tmp_path)
    assert {line.partition(": ")[2] for line in lines} >= set(SHORT)


async def test_a_bot_that_cannot_start_ends_the_soak_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LIMITS", "[limits]\nwaiting = 0\n")
    with pytest.raises(NotStarted, match=r"The bot did not start: .*waiting"):
        await soaked(Plan(jobs=1, users=1, seed=1), tmp_path)
