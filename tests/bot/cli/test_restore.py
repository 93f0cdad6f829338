"""`noisefox restore` over data folders of bots that ended in any way."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from storage import consistency, data_folder, database, snapshots
from storage.images import PICTURES
from storage.numbers import NumbersFile
from tests.bot.cli.program import noisefox
from tests.storage.faults import fill

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage import database
from storage.drafts import Drafts

async def main(folder):
    async with database.opened(folder / database.FILE) as sessions:
        for _ in range(20):
            await Drafts(sessions).add(1, {"prompt": "later " * 500})
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with requests and a picture, and a backup of it in `saved.zip`."""
    await fill(tmp_path / "data")
    assert noisefox("backup", "saved.zip", folder=tmp_path).returncode == 0
    return tmp_path / "data"


def content(data: Path) -> dict[str, bytes]:
    kept = [data / database.FILE, *(data / PICTURES).rglob("*.png")]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in kept}


def drafts(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return len(connection.execute("SELECT id FROM drafts").fetchall())


def test_no_log_of_the_old_database_reaches_the_restored_one(data: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(data)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (data / f"{database.FILE}-wal").stat().st_size
    result = noisefox("restore", "saved.zip", folder=data.parent)
    assert (result.returncode, result.stderr) == (0, "")
    (aside,) = (data / snapshots.FOLDER).glob("before-restore-*")
    assert f"is in {aside.relative_to(data.parent)} for 30 days" in result.stdout
    assert database.check(data / database.FILE)
    assert not consistency.damages(data / database.FILE)
    assert (drafts(data / database.FILE), drafts(aside / database.FILE)) == (0, 20)
    assert len(list((data / PICTURES).rglob("*.png"))) == len(list((aside / PICTURES).rglob("*.png"))) == 1
    assert noisefox("check", folder=data.parent).returncode == 0


def test_a_backup_is_restored_where_nothing_was(data: Path) -> None:
    result = noisefox("restore", "../saved.zip", "--config", "new.toml", folder=_host(data.parent / "host"))
    assert (result.returncode, result.stdout) == (0, "../saved.zip is restored in new.\n")
    assert len(list((data.parent / "host" / "new" / PICTURES).rglob("*.png"))) == 1


def _host(folder: Path) -> Path:
    folder.mkdir()
    (folder / "new.toml").write_text('data = "new"')
    return folder


def test_a_backup_that_is_restored_twice_gives_no_number_again(data: Path) -> None:
    assert noisefox("restore", "saved.zip", folder=data.parent).returncode == 0
    NumbersFile(data).note({"generations": 5_000_000})
    assert noisefox("restore", "saved.zip", folder=data.parent).returncode == 0
    assert database.check(data / database.FILE)


@pytest.mark.parametrize("kind", ["missing", "no ZIP", "cut", "no database", "damaged", "newer"])
def test_what_is_no_sound_backup_changes_nothing(data: Path, kind: str) -> None:
    archive, before = data.parent / "saved.zip", content(data)
    with ZipFile(archive) as packed:
        saved = packed.read(database.FILE)
    match kind:
        case "missing":
            archive.unlink()
        case "no ZIP":
            archive.write_text("mine")
        case "cut":
            whole = archive.read_bytes()
            archive.write_bytes(whole[:300] + b"\xa5" * 50 + whole[350:])
        case _:
            saved = saved[:5000] + b"\xa5" * (len(saved) - 5000) if kind == "damaged" else b"of another program"
            with ZipFile(archive, "w") as packed:
                packed.writestr("other" if kind == "no database" else database.FILE, saved)
    result = noisefox("restore", "saved.zip", folder=data.parent)
    assert (result.returncode, result.stderr[:10]) == (1, "noisefox: ")
    assert "saved.zip" in result.stderr
    assert ".restore-" not in result.stderr
    assert content(data) == before
    assert not list(data.glob(".restore-*"))


def test_a_folder_in_use_is_not_restored(data: Path) -> None:
    before = content(data)
    with data_folder.owned(data, "noisefox run"):
        result = noisefox("restore", "saved.zip", folder=data.parent)
    assert (result.returncode, "in use by `noisefox run`" in result.stderr) == (1, True)
    assert content(data) == before


def test_a_restore_that_fails_halfway_is_taken_back(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, rename = content(data), Path.rename

    def full(path: Path, to: Path) -> Path:
        if path.parent.name.startswith(".restore-") and path.name == database.FILE:
            raise OSError(28, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", full)
    result = noisefox("restore", "saved.zip", folder=data.parent)
    assert (result.returncode, "No space left on device. Nothing was changed." in result.stderr) == (1, True)
    assert content(data) == before
