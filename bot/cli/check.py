"""`noisefox check`: compares the database with the pictures, and repairs what can be repaired."""

import time
from collections.abc import Iterator
from pathlib import Path

from storage import consistency, data_folder, database, schema, snapshots
from storage.images import PICTURES
from storage.soundness import lost_numbers, refusing

ON_THE_WAY = 3600.0
"""Seconds for which the row of a new file may be on the way, while a bot runs."""


def examine(data: Path, *, repair: bool) -> int:
    """Print what is wrong. Returns 0 if nothing is, or all was repaired; else 1. Raises `NoisefoxError`."""
    lost_numbers(data / database.FILE)
    if not repair:
        before = time.time() - ON_THE_WAY if data_folder.owner(data) else float("inf")
        return _print(_faults(data, before), "`noisefox check --repair` repairs what it can; stop the bot first.")
    with data_folder.owned(data, "noisefox check --repair"), refusing(data / database.FILE):
        snapshots.before(data / database.FILE, "repair")
        for sentence in _repair(data):
            print(f"repaired: {sentence}")
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
        if lost_numbers(file):
            yield "the database lacks requests that were saved in this folder"
        found = consistency.differences(file, data / PICTURES, before)
    yield from (f"no request has the file {name}" for name in found.orphans)
    yield from (f"the file {each.file} is gone" for each in found.missing)


def _repair(data: Path) -> Iterator[str]:
    file = data / database.FILE
    if consistency.damages(file):
        consistency.reindex(file)
        if consistency.damages(file):
            return
        yield "made the indexes of the database anew"
    if known := lost_numbers(file):
        schema.skip_numbers(file, known)
        yield "new requests get numbers that none of the lost ones had"
    found = consistency.differences(file, data / PICTURES, float("inf"))
    consistency.set_aside(data, data / PICTURES, found.orphans)
    yield from (f"moved {name} to {data / consistency.ORPHANS}" for name in found.orphans)
    for each in consistency.forget_missing(file, found.missing):
        yield f"the request of {each.file} no longer names it"
