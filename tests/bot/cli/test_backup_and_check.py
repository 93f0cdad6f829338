"""`noisefox backup` and `noisefox check` on a data folder, called as a person does."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from zipfile import ZipFile

import pytest

from storage import consistency, data_folder, database
from storage.images import PICTURES
from tests.bot.cli.program import noisefox
from tests.storage.faults import fill, without_its_log


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A sound data folder, with requests and a picture."""
    await fill(tmp_path / "data")
    return tmp_path / "data"


def run(data: Path, *arguments: str) -> CompletedProcess[str]:
    result = noisefox(*arguments, folder=data.parent)
    assert "Traceback" not in result.stdout + result.stderr
    return result


def ask(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def picture(data: Path) -> Path:
    return next((data / PICTURES).rglob("*.png"))


def test_a_backup_has_the_database_and_the_pictures_and_is_private(data: Path) -> None:
    with data_folder.owned(data, "noisefox run"):
        result = run(data, "backup", "saved.zip")
    assert (result.returncode, result.stdout) == (0, "saved.zip: the database and 1 pictures\n")
    assert (data.parent / "saved.zip").stat().st_mode & 0o777 == 0o600
    restored = data.parent / "restored"
    with ZipFile(data.parent / "saved.zip") as archive:
        archive.extractall(restored)
    assert picture(restored).read_bytes() == picture(data).read_bytes()
    assert database.check(restored / database.FILE)
    assert len(ask(restored / database.FILE, "SELECT id FROM generations")) == 20
    assert not list(data.parent.glob(".noisefox-*"))


def test_a_backup_has_a_name_with_the_date_and_replaces_nothing(data: Path) -> None:
    assert run(data, "backup").returncode == 0
    assert len(list(data.parent.glob("noisefox-*-*-*-*.zip"))) == 1
    (data.parent / "mine.zip").write_text("mine")
    result = run(data, "backup", "mine.zip")
    assert (result.returncode, result.stderr[:9]) == (1, "noisefox:")
    assert "mine.zip exists already" in result.stderr
    assert (data.parent / "mine.zip").read_text() == "mine"


def test_a_backup_names_no_picture_that_it_lacks(data: Path) -> None:
    picture(data).unlink()
    result = run(data, "backup", "saved.zip")
    assert "1 pictures are left out" in result.stdout
    with ZipFile(data.parent / "saved.zip") as archive:
        archive.extract(database.FILE, data.parent / "restored")
    assert consistency.files_of(data.parent / "restored" / database.FILE) == []


def test_without_a_database_there_is_nothing_to_save_or_check(tmp_path: Path) -> None:
    for command in (["backup"], ["check"], ["check", "--repair"]):
        result = run(tmp_path / "data", *command)
        assert (result.returncode, "There is no database in data yet" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_folder_is_fine(data: Path) -> None:
    result = run(data, "check")
    assert (result.returncode, result.stdout) == (0, "The database and the pictures are fine.\n")


def test_a_file_that_no_request_has_is_found_and_set_aside(data: Path) -> None:
    orphan = data / PICTURES / "004" / "4-0-abc.png"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"png")
    found = run(data, "check")
    assert (found.returncode, "no request has the file 004/4-0-abc.png" in found.stdout) == (1, True)
    assert orphan.exists()
    repaired = run(data, "check", "--repair")
    assert repaired.returncode == 0, repaired.stdout
    assert not orphan.exists()
    assert (data / "orphans" / "004" / "4-0-abc.png").read_bytes() == b"png"
    assert picture(data).exists()


def test_a_new_file_of_a_running_bot_is_no_orphan(data: Path) -> None:
    (data / PICTURES / "new.png").write_bytes(b"png")
    with data_folder.owned(data, "noisefox run"):
        assert run(data, "check").returncode == 0
        refused = run(data, "check", "--repair")
    assert (refused.returncode, "in use by `noisefox run`" in refused.stderr) == (1, True)
    assert (data / PICTURES / "new.png").exists()


def test_a_file_that_awaits_its_removal_is_no_orphan(data: Path) -> None:
    (data / PICTURES / "old.png").write_bytes(b"png")
    change(data / database.FILE, "INSERT INTO removals (file) VALUES ('old.png')")
    assert run(data, "check").returncode == 0


def test_a_request_whose_file_is_gone_no_longer_names_it(data: Path) -> None:
    picture(data).unlink()
    found = run(data, "check")
    assert (found.returncode, "is gone" in found.stdout) == (1, True)
    assert run(data, "check", "--repair").returncode == 0
    assert ask(data / database.FILE, "SELECT file FROM pictures") == [(None,)]
    assert len(list((data / "backups").glob("before-repair.db"))) == 1


def test_after_a_loss_the_bot_goes_on_with_other_numbers(data: Path) -> None:
    shutil.copytree(data, data.parent / "before")
    without_its_log(data)
    assert "lacks requests" in run(data, "check").stdout
    assert run(data, "check", "--repair").returncode == 0
    assert database.check(data / database.FILE)
    assert ask(data / database.FILE, "SELECT seq > 1000 FROM sqlite_sequence WHERE name = 'generations'") == [(1,)]


def test_a_damaged_index_is_made_anew(data: Path) -> None:
    file = data / database.FILE
    (root,) = ask(file, "SELECT rootpage FROM sqlite_master WHERE name = 'ix_generations_user_id'")[0]
    content = bytearray(file.read_bytes())
    start = (int(str(root)) - 1) * 4096
    content[start + 3 : start + 5] = b"\x00\x00"  # an index without entries
    file.write_bytes(content)
    found = run(data, "check")
    assert (found.returncode, "the database is damaged" in found.stdout) == (1, True)
    repaired = run(data, "check", "--repair")
    assert repaired.returncode == 0, repaired.stdout
    assert database.check(file)
