"""The data folder and its databases."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.cli.doctor.findings import Finding
from storage import data_folder, database

NEEDED_BYTES = 2 * 10**9
"""Free disk space below which writing pictures may soon fail."""


def data_findings(folder: Path) -> Iterator[Finding]:
    """The data folder, and what is in it already."""
    writable, sentence = _data(folder)
    yield writable, sentence
    if writable:
        yield from database_findings(folder)


def _data(folder: Path) -> Finding:
    try:
        data_folder.refuse_foreign(folder)
        data_folder.make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except data_folder.UnusableFolder as refusal:
        return False, str(refusal)
    except OSError as reason:
        return False, str(data_folder.unwritable(folder, reason))
    free = shutil.disk_usage(folder).free
    said = f"the data folder {folder} is writable; {free / 1e9:.1f} GB are free"
    if free < NEEDED_BYTES:
        return False, f"{said}, and {NEEDED_BYTES / 1e9:g} GB must stay free for pictures. Make room there"
    return True, said


def database_findings(folder: Path) -> Iterator[Finding]:
    """The data folders of `noisefox run` and `noisefox try`: who owns them now, and whether their databases can be
    opened."""
    for each in (folder, folder / "try"):
        if owner := data_folder.owner(each):
            yield True, f"the data folder {each} is in use by {owner}"
        try:
            if database.check(each / database.FILE):
                yield True, f"the database {each / database.FILE} is sound"
        except database.UnusableDatabase as error:
            yield False, str(error)
