"""Data folders in which something went wrong, each made from a sound one with requests, drafts and a picture."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from generation.settings import GenerationSettings
from storage import database
from storage.generations import Generations
from storage.images import PICTURES, Images
from storage.records import Lineage, Origin, Picture
from tests.saved import saved

PAGE = 4096


async def fill(folder: Path, most: int = 20) -> None:
    """Make a data folder with requests, the last of which has a picture."""
    async with database.opened(folder / database.FILE) as sessions:
        generations = Generations(sessions)
        settings = GenerationSettings(prompt="a red apple " * 40, model="pocket", seed=1, width=64, height=64)
        for number in range(most):
            origin = Origin(key=str(number), user_id=1, channel_id=2, message_id=number)
            kept = await saved(generations, origin, settings, Lineage())
        file = await Images(folder / PICTURES).save(kept.id, 0, b"png")
        await generations.complete(kept.id, [Picture(0, 1, 64, 64, file)], 1.0)


def truncated(folder: Path) -> None:
    file = folder / database.FILE
    file.write_bytes(file.read_bytes()[: 5 * PAGE])


def cut_in_the_header(folder: Path) -> None:
    file = folder / database.FILE
    file.write_bytes(file.read_bytes()[:50])


def corrupt(folder: Path) -> None:
    file = folder / database.FILE
    content = file.read_bytes()
    file.write_bytes(content[: 3 * PAGE] + b"\xa5" * (len(content) - 3 * PAGE))


def newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / database.FILE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of_next_year'")
        connection.commit()


def without_its_log(folder: Path) -> None:
    """The process was killed, and its write-ahead log was not copied along."""

    async def go_on_and_be_killed() -> None:
        await fill(folder / "again", 3)
        async with database.opened(folder / "again" / database.FILE):
            pass

    asyncio.run(go_on_and_be_killed())
    shutil.copy(folder / "again" / database.FILE, folder / database.FILE)
    shutil.rmtree(folder / "again")


def empty(folder: Path) -> None:
    (folder / database.FILE).write_bytes(b"")


def missing(folder: Path) -> None:
    (folder / database.FILE).unlink()


def a_folder(folder: Path) -> None:
    missing(folder)
    (folder / database.FILE).mkdir()


FAULTS: dict[Callable[[Path], None], str] = {
    truncated: r"is damaged|is malformed",
    cut_in_the_header: r"is malformed|is not a database",
    corrupt: r"is damaged|is malformed",
    newer: "Update Noisefox, or move the folder",
    without_its_log: r"lacks requests: it ends at number 3, and its folder knows number 20\.",
    empty: "There are pictures in .* but the database .* is missing or empty",
    missing: "There are pictures in .* but the database .* is missing or empty",
    a_folder: "cannot be opened: unable to open database file",
}
"""Each fault, and what a person is told about it."""
