"""The lock of a data folder, in processes of their own where one has to die."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import data_folder, folder_lock
from storage.data_folder import UnusableFolder
from storage.images import Images

HOLD = """
import sys, time
from pathlib import Path
from storage import data_folder

with data_folder.owned(Path(sys.argv[1]), "noisefox run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that owns the folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield process


@contextmanager
def without_rights() -> Iterator[None]:
    """Be a user who may not write everywhere; root may."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_second_process_is_told_who_owns_the_folder_until_that_one_is_killed(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        with pytest.raises(UnusableFolder) as refused, data_folder.owned(tmp_path, "noisefox try"):
            pass
        assert f"in use by `noisefox run`, process {process.pid} on " in str(refused.value)
        assert " UTC: stop that one first" in str(refused.value)
        assert (data_folder.owner(tmp_path) or "nobody") in str(refused.value)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert data_folder.owner(tmp_path) is None
    with data_folder.owned(tmp_path, "noisefox try"):
        assert "`noisefox try`" in (data_folder.owner(tmp_path) or "")


def test_a_folder_is_free_again_once_its_owner_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with data_folder.owned(tmp_path, "noisefox run"):
            pass
    assert data_folder.owner(tmp_path) is None
    assert data_folder.owner(tmp_path / "never used") is None


def test_a_folder_whose_lock_file_is_deleted_is_owned_all_the_same(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        for name in (data_folder.LOCK, data_folder.OWNER):
            (tmp_path / name).unlink()
        assert data_folder.owner(tmp_path) == "another process"
        for _ in range(2):  # the first try leaves a new lock file
            with pytest.raises(UnusableFolder, match="in use by another process"), data_folder.owned(tmp_path, "run"):
                pass
        process.kill()
        process.wait()
    with data_folder.owned(tmp_path, "run"):
        pass


def test_on_a_file_system_that_locks_no_folders_the_lock_file_is_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    with held_elsewhere(tmp_path), monkeypatch.context() as patch:
        patch.setattr(folder_lock, "flock", unsupported)
        with pytest.raises(UnusableFolder, match="in use by"), data_folder.owned(tmp_path, "noisefox run"):
            pass


def test_an_owner_whose_note_is_damaged_is_an_owner_all_the_same(tmp_path: Path) -> None:
    with data_folder.owned(tmp_path, "noisefox run"):
        (tmp_path / data_folder.OWNER).write_text("[")
        assert data_folder.owner(tmp_path) == "another process"


@pytest.mark.parametrize("below", ["", "try"])
def test_a_folder_that_is_a_file_is_refused_in_a_sentence(tmp_path: Path, below: str) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(UnusableFolder, match="is a file, or in one"), data_folder.owned(tmp_path / "data" / below, ""):
        pass


@pytest.mark.parametrize("below", ["", "data"])
def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(below: str) -> None:
    refused = pytest.raises(UnusableFolder, match=r"cannot be written \(.+\): let this user write there")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with without_rights(), refused, data_folder.owned(Path(folder) / below, ""):
            pass


async def test_nobody_else_reads_the_folder_and_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with data_folder.owned(folder, "noisefox run"):
        name = await Images(folder / "pictures").save(1, 0, b"png")
        (folder / "measured.json").write_text("{}")
    assert {mode(each) for each in (folder, *folder.rglob("*")) if each.is_dir()} == {0o700}
    assert {mode(each) for each in folder.rglob("*") if each.is_file()} == {0o600}
    assert mode(folder / "pictures" / name) == 0o600


async def test_pictures_are_private_whoever_writes_them(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        name = await Images(tmp_path / "pictures").save(1, 0, b"png")
    finally:
        os.umask(before)
    assert mode(tmp_path / "pictures" / name) == 0o600
    assert mode((tmp_path / "pictures" / name).parent) == mode(tmp_path / "pictures") == 0o700


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    picture = tmp_path / "pictures" / "001" / "1-0-abc.png"
    picture.parent.mkdir(parents=True)
    for file in (picture, tmp_path / "noisefox.db", tmp_path / "config.toml"):
        file.write_bytes(b"")
        file.chmod(0o644)
    for folder in (tmp_path, picture.parent):
        folder.chmod(0o755)
    with data_folder.owned(tmp_path, "noisefox run"):
        pass
    assert [mode(each) for each in (tmp_path, picture.parent, picture, tmp_path / "noisefox.db")] == [
        0o700,
        0o700,
        0o600,
        0o600,
    ]
    assert mode(tmp_path / "config.toml") == 0o644


def test_a_file_that_others_could_read_is_closed_in_a_private_folder_too(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for name in ("noisefox.db", "noisefox.db-wal", "measured.json"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    (folder / "pictures").mkdir()
    (folder / "pictures").chmod(0o755)
    with data_folder.owned(folder, "noisefox run"):
        pass
    assert mode(folder / "pictures") == 0o700
    assert {mode(folder / name) for name in ("noisefox.db", "noisefox.db-wal", "measured.json")} == {0o600}


def modes(folder: Path) -> dict[str, int]:
    return {str(each): mode(each) for each in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize("folder_mode", [0o775, 0o755, 0o700])
@pytest.mark.parametrize(
    "names",
    [
        ["holidays.txt"],
        ["README", "pictures/2019/wedding.jpg", "backups/taxes.zip"],
        ["pictures/2019/wedding.jpg"],
        ["chat/letters.txt"],
        ["letter.txt", "backups/before-move.tar", "owner.json"],
    ],
)
def test_a_folder_of_others_is_refused_and_left_as_it_is(tmp_path: Path, names: list[str], folder_mode: int) -> None:
    folder = tmp_path / "shared"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        (folder / name).chmod(0o644)
        (folder / name).parent.chmod(0o755)
    folder.chmod(folder_mode)
    before = modes(folder)
    first = min(each.name for each in folder.iterdir())
    refused = pytest.raises(UnusableFolder, match=rf"has files of others, such as {first},")
    with refused, data_folder.owned(folder, "noisefox run"):
        pass
    assert modes(folder) == before


@pytest.mark.parametrize("own", ["", "noisefox.db", "noisefox.lock", "measured.json", "try", "config.toml"])
def test_an_empty_folder_and_one_of_the_bot_are_taken(tmp_path: Path, own: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    if own:
        (folder / own).touch()
    with data_folder.owned(folder, "noisefox run"):
        assert mode(folder) == 0o700


def test_the_folder_of_a_chat_that_the_bot_owned_may_be_there_first(tmp_path: Path) -> None:
    folder = tmp_path / "try"
    with data_folder.owned(folder / "chat", "noisefox try"), data_folder.owned(folder, "noisefox try"):
        assert mode(folder) == mode(folder / "chat") == 0o700
