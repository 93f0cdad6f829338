"""`noisefox check`: compares the database with the pictures, and repairs what can be repaired."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from generation.errors import NoisefoxError
from storage import consistency, data_folder, database, orphans, schema, snapshots, strays
from storage.images import PICTURES
from storage.soundness import lost_numbers, refusing

ON_THE_WAY = 3600.0
"""Seconds for which the row of a new file may be on the way, while a bot runs."""


class OnlyWithRepair(NoisefoxError):
    """`--forget-missing` was given without `--repair`."""


def examine(data: Path, *, repair: bool, forget_missing: bool = False) -> int:
    """Print what is wrong. Returns 0 if nothing is, or all was repaired; else 1. Raises `NoisefoxError`.

    forget_missing: repair also where so many files are gone that their disk may only be away.
    """
    if forget_missing and not repair:
        raise OnlyWithRepair("--forget-missing only works together with --repair. Add it.")
    lost_numbers(data / database.FILE)
    if not repair:
        before = time.time() - ON_THE_WAY if data_folder.owner(data) else float("inf")
        return _print(_faults(data, before), "`noisefox check --repair` repairs what it can; stop the bot first.")
    with data_folder.owned(data, "noisefox check --repair"), refusing(data / database.FILE):
        _repair_with_copy(data, forget_missing=forget_missing)
    return _print(_faults(data, float("inf")), "The rest cannot be repaired. Restore a backup.")


def _print(faults: Iterator[str], advice: str) -> int:
    found = list(faults)
    print("\n".join([*found, advice] if found else ["The database and the pictures are fine."]))
    return 1 if found else 0


def _faults(data: Path, before: float) -> Iterator[str]:
    file = data / database.FILE
    with refusing(file):
        if damages := consistency.damages(file):
            yield f"the database is damaged: {'; '.join(damages)}"
            return
        yield from map(str, strays.strays(file))
        if lost_numbers(file):
            yield "the database lacks requests that were saved in this folder"
        found = consistency.differences(file, data / PICTURES, before)
    yield from (f"no request has the file {name}" for name in found.orphans)
    yield from (f"the file {each.file} is gone" for each in found.missing)


def _repair_with_copy(data: Path, *, forget_missing: bool) -> None:
    """Repair, and keep a copy from before if anything was changed."""
    copy = snapshots.before(data / database.FILE, f"repair-{datetime.now():%Y-%m-%d-%H%M%S-%f}")
    repaired = False
    try:
        for sentence in _repair(data, forget_missing=forget_missing):
            repaired = True
            print(f"repaired: {sentence}")
    finally:
        if repaired:
            print(f"The database from before is in {copy} for {snapshots.LIFE.days} days.")
        else:
            copy.unlink()


def _repair(data: Path, *, forget_missing: bool) -> Iterator[str]:
    file = data / database.FILE
    if consistency.damages(file):
        consistency.reindex(file)
        if consistency.damages(file):
            return
        yield "made the indexes of the database anew"
    for stray in strays.mend(file):
        yield f"{stray}: {'it refers to nothing now' if stray.optional else 'removed'}"
    if known := lost_numbers(file):
        schema.skip_numbers(file, known)
        yield "new requests get numbers that none of the lost ones had"
    found = consistency.differences(file, data / PICTURES, float("inf"))
    if not forget_missing:
        consistency.refuse_unmounted(file, data / PICTURES, found.missing)
    for each in consistency.forget_missing(file, found.missing):
        yield f"the request of {each.file} no longer names it"
    back = orphans.put_back(file, found.orphans)
    yield from (f"gave {name} back to its request" for name in back)
    left = [name for name in found.orphans if name not in back]
    orphans.set_aside(data, left)
    yield from (f"moved {name} to {data / orphans.ORPHANS} for {snapshots.LIFE.days} days" for name in left)
