"""`noisefox backup` and `noisefox check` on a data folder, called as a person does."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from zipfile import ZipFile

import pytest

from bot.__main__ import UNREAD
from storage import consistency, data_folder, database
from storage.images import PICTURES
from tests.bot.cli.program import noisefox
from tests.storage.faults import fill, without_its_log
from tests.storage.test_data_folder import without_rights


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


def test_an_output_that_nobody_reads_to_its_end_is_no_fault(data: Path) -> None:
    """As after `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bot", "check"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=data.parent)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (UNREAD, "")


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


def add_picture(data: Path, number: int, name: str, content: bytes = b"png") -> Path:
    """Another finished request, and its file."""
    file = data / PICTURES / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    change(data / database.FILE, f"UPDATE generations SET state = 'completed' WHERE id = {number}")
    change(data / database.FILE, f"INSERT INTO pictures VALUES ({number}, 0, 1, 64, 64, '{name}', 0)")
    return file


def test_a_request_whose_file_is_gone_no_longer_names_it(data: Path) -> None:
    picture(data).unlink()
    add_picture(data, 3, "003/3-0-abc.png")
    found = run(data, "check")
    assert (found.returncode, "is gone" in found.stdout) == (1, True)
    repaired = run(data, "check", "--repair")
    assert repaired.returncode == 0
    assert ask(data / database.FILE, "SELECT file FROM pictures ORDER BY file") == [(None,), ("003/3-0-abc.png",)]
    (copy,) = (data / "backups").glob("before-repair-*.db")
    assert str(copy.relative_to(data.parent)) in repaired.stdout


def test_each_repair_keeps_its_own_copy_and_one_that_changes_nothing_keeps_none(data: Path) -> None:
    for count in (1, 2):
        (data / PICTURES / "old.png").write_bytes(b"png")
        assert run(data, "check", "--repair").returncode == 0
        assert len(list((data / "backups").glob("before-repair-*.db"))) == count
    assert run(data, "check", "--repair").stdout == "The database and the pictures are fine.\n"
    assert len(list((data / "backups").iterdir())) == 2


@pytest.mark.parametrize("away", ["the folder", "most files"])
def test_pictures_whose_disk_is_away_are_not_forgotten(data: Path, away: str) -> None:
    add_picture(data, 3, "003/3-0-abc.png")
    add_picture(data, 4, "004/4-0-abc.png")
    before = ask(data / database.FILE, "SELECT * FROM pictures")
    (data / PICTURES).rename(data.parent / "disk")
    if away == "most files":
        (data / PICTURES / "003").mkdir(parents=True)
        shutil.copy(data.parent / "disk" / "003" / "3-0-abc.png", data / PICTURES / "003")
    refused = run(data, "check", "--repair")
    assert (refused.returncode, "are gone from data/pictures. Mount their disk" in refused.stderr) == (1, True)
    assert ask(data / database.FILE, "SELECT * FROM pictures") == before
    assert run(data, "check", "--forget-missing").returncode == 1
    assert run(data, "check", "--repair", "--forget-missing").returncode == 0
    assert ask(data / database.FILE, "SELECT count(file) FROM pictures") == [(int(away == "most files"),)]


def test_files_that_come_back_are_given_back_to_their_requests(data: Path) -> None:
    add_picture(data, 4, "004/4-0-abc.png")
    add_picture(data, 5, "005/5-0-abc.png")
    (data / PICTURES / "006").mkdir()
    (data / PICTURES / "006" / "6-figure-0-abc.webp").write_bytes(b"webp")
    change(data / database.FILE, "UPDATE generations SET state = 'completed' WHERE id = 6")
    change(data / database.FILE, "INSERT INTO figures VALUES (6, 0, '006/6-figure-0-abc.webp')")
    named = consistency.files_of(data / database.FILE)
    (data / PICTURES).rename(data.parent / "disk")
    assert run(data, "check", "--repair", "--forget-missing").returncode == 0
    assert consistency.files_of(data / database.FILE) == []
    change(data / database.FILE, "UPDATE generations SET state = 'deleted' WHERE id = 5")
    (data.parent / "disk").rename(data / PICTURES)
    repaired = run(data, "check", "--repair")
    assert (repaired.returncode, "gave 004/4-0-abc.png back to its request" in repaired.stdout) == (0, True)
    assert consistency.files_of(data / database.FILE) == sorted(set(named) - {"005/5-0-abc.png"})
    assert (data / "orphans" / "005" / "5-0-abc.png").exists()


def test_a_row_that_refers_to_nothing_is_removed_and_stops_no_backup(data: Path) -> None:
    file = data / database.FILE
    change(file, "INSERT INTO reports VALUES (1, 999)")
    change(file, "UPDATE generations SET parent_id = 999 WHERE id = 2")
    assert run(data, "backup", "saved.zip").returncode == 0
    found = run(data, "check")
    assert "of reports refers to a row of generations that is gone\n" in found.stdout
    repaired = run(data, "check", "--repair")
    assert (repaired.returncode, "that is gone: removed" in repaired.stdout) == (0, True)
    assert (
        "row 2 of generations refers to a row of generations that is gone: it refers to nothing now" in repaired.stdout
    )
    assert ask(file, "SELECT * FROM reports") == []
    assert ask(file, "SELECT parent_id FROM generations WHERE id = 2") == [(None,)]


def test_a_picture_that_cannot_be_read_is_named_and_the_others_are_saved(data: Path) -> None:
    add_picture(data, 3, "003/3-0-abc.png").unlink()
    (data / PICTURES / "003" / "3-0-abc.png").mkdir()  # whatever its rights, root reads a file
    result = run(data, "backup", "saved.zip")
    assert (result.returncode, "saved.zip: the database and 1 pictures\n" in result.stdout) == (1, True)
    assert "left out, for it cannot be read: data/pictures/003/3-0-abc.png (Is a directory)" in result.stdout
    assert (data.parent / "saved.zip").exists()


def test_a_folder_of_pictures_that_cannot_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder, without_rights_in(folder):
        data = Path(folder, "data")
        asyncio.run(fill(data, 1))
        (data / PICTURES).chmod(0)
        result = run(data, "check")
        (data / PICTURES).chmod(0o700)
    assert (result.returncode, "The pictures in data/pictures" in result.stderr) == (1, True)
    assert "cannot be read: Permission denied" in result.stderr
    assert "database" not in result.stderr


@pytest.mark.parametrize("closed", [".", database.FILE, "numbers.json"])
def test_a_data_folder_of_another_user_is_one_sentence(closed: str) -> None:
    with tempfile.TemporaryDirectory() as folder, without_rights_in(folder):
        data = Path(folder, "data")
        asyncio.run(fill(data, 1))
        (data / closed).chmod(0)
        results = [run(data, *each) for each in (["backup", "saved.zip"], ["check"], ["check", "--repair"])]
        (data / closed).chmod(0o700)
    for result in results:
        if closed in (".", database.FILE):
            assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1), result
        assert result.returncode in (0, 1)


@contextmanager
def without_rights_in(folder: str) -> Iterator[None]:
    Path(folder).chmod(0o777)
    with without_rights():
        yield


def test_a_backup_of_a_damaged_database_names_it(data: Path) -> None:
    file = data / database.FILE
    file.write_bytes(file.read_bytes()[: 5 * 4096])
    result = run(data, "backup", "saved.zip")
    assert (result.returncode, "data/noisefox.db" in result.stderr, ".noisefox-" in result.stderr) == (1, True, False)


def test_a_backup_of_a_database_without_its_log_says_what_it_lacks(data: Path) -> None:
    without_its_log(data)
    result = run(data, "backup", "saved.zip")
    assert (result.returncode, "The database lacks requests" in result.stdout) == (1, True)
    assert (data.parent / "saved.zip").exists()


def test_the_folder_of_a_bot_on_the_chat_page_is_found(data: Path) -> None:
    host = data.parent / "host"
    (host / "data").mkdir(parents=True)
    data.rename(host / "data" / "try")
    for command in (["check"], ["backup", "saved.zip"], ["check", "--repair"]):
        result = run(host / "data", *command)
        assert (result.returncode, result.stdout.splitlines()[0]) == (0, "data/try: the data folder of `noisefox try`")


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
