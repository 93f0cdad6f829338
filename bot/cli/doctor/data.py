"""The data folder and its databases, and the host's word lists."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.cli.doctor.findings import Finding
from bot.config import Config
from generation import names
from generation.prompts import word_lists
from generation.prompts.choices import is_list_name
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


def word_list_findings(config: Config) -> Iterator[Finding]:
    """The word lists, where there are any: those without entries, and those whose names no prompt can say."""
    folder = config.wildcards.folder
    if folder is None:
        return
    files = word_lists.files_in(folder)
    yield True, f"{len(files)} word lists in {folder}"
    lists = config.wildcards.read()
    for file in files:
        name = word_lists.name_of(file, folder)
        if not is_list_name(name):
            yield False, f"no prompt can name the word list {file}. Rename it with letters, digits, - and _ only"
        elif not lists[names.key(name)]:
            yield False, f"the word list {file} has no entries. Write one a line"
