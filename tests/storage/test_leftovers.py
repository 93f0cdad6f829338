"""Copies and orphans of a data folder: kept for a while, and no longer."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import orphans, snapshots
from storage.leftovers import Leftovers

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def keep(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"kept")
    os.utime(path, (START.timestamp(), START.timestamp()))
    return path


async def test_what_was_kept_is_removed_after_30_days_while_the_bot_runs(tmp_path: Path) -> None:
    clock = Clock()
    leftovers = Leftovers(tmp_path, clock)
    when = "2026-01-01-000000-000000"
    copies = f"backups/before-restore-{when}/noisefox.db", f"backups/before-repair-{when}.db"
    names = (*copies, "backups/before-upgrade-from-ignored.db", "orphans/004/4-0-abc.png")
    kept = [keep(tmp_path, name) for name in names]
    os.utime(kept[0].parent, (START.timestamp(), START.timestamp()))
    others = (
        "mine.db",
        "before-move.tar",
        "before-2020.db",
        "before-repair-of-the-roof/plan.db",
        "before-restore-2020.db",
    )
    mine = [keep(tmp_path, f"backups/{name}") for name in others]
    os.utime(mine[3].parent, (START.timestamp(), START.timestamp()))
    for days, there in ((0, True), (29, True), (31, False)):
        clock.now = START + timedelta(days=days)
        await leftovers.remove_old()
        assert [path.exists() for path in kept] == [there] * 4
    assert all(path.exists() for path in mine)
    assert not (tmp_path / "orphans" / "004").exists()


async def test_it_is_looked_for_once_a_day(tmp_path: Path) -> None:
    clock = Clock()
    clock.now += timedelta(days=40)
    leftovers = Leftovers(tmp_path, clock)
    await leftovers.remove_old()
    copy = keep(tmp_path, "backups/before-repair-2026-01-01-000000-000000.db")
    clock.now += timedelta(hours=23)
    await leftovers.remove_old()
    assert copy.exists()
    clock.now += timedelta(hours=2)
    await leftovers.remove_old()
    assert not copy.exists()


def test_the_time_of_an_orphan_is_counted_from_when_it_was_set_aside(tmp_path: Path) -> None:
    keep(tmp_path, "pictures/004/4-0-abc.png")
    orphans.set_aside(tmp_path, ["004/4-0-abc.png"])
    set_aside = tmp_path / "orphans" / "004" / "4-0-abc.png"
    at = set_aside.stat().st_mtime
    orphans.remove_old(tmp_path, at + snapshots.LIFE.total_seconds() - 1)
    assert set_aside.exists()
    orphans.remove_old(tmp_path, at + snapshots.LIFE.total_seconds() + 1)
    assert not set_aside.exists()


async def test_orphans_of_a_person_are_forgotten_with_the_person(tmp_path: Path) -> None:
    names = "004/4-0-abc.png", "004/4-figure-0-abc.webp", "inputs/7/abc.png"
    mine = [keep(tmp_path, f"orphans/{name}") for name in names]
    others = [
        keep(tmp_path, f"orphans/{name}") for name in ("005/5-0-abc.png", "inputs/77/abc.png", "004/1004-0-abc.png")
    ]
    await Leftovers(tmp_path, Clock()).forget(7, [4])
    assert not any(path.exists() for path in mine)
    assert all(path.exists() for path in others)


async def test_what_cannot_be_removed_is_logged_and_stops_nothing(tmp_path: Path) -> None:
    keep(tmp_path, "orphans/004/4-0-abc.png")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "before-upgrade-from-x.db").symlink_to("before-upgrade-from-x.db")
    await Leftovers(tmp_path, lambda: START + timedelta(days=40)).remove_old()
    assert not (tmp_path / "orphans" / "004").exists()
