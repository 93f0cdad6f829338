"""Data folders and databases that cannot be used: one sentence, exit status 1, no traceback; the doctor says it too."""

import re
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot import config
from bot.__main__ import main
from bot.cli.doctor.data import data_findings, database_findings
from bot.config import Config
from storage import data_folder, database
from tests.storage.faults import FAULTS, fill
from tests.storage.test_data_folder import without_rights


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with databases of a version before the first release."""
    for folder in (tmp_path, tmp_path / "try"):
        folder.mkdir(exist_ok=True)
        with closing(sqlite3.connect(folder / "noisefox.db")) as file:
            file.execute("CREATE TABLE generations (id INTEGER)")
            file.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            file.execute("INSERT INTO alembic_version VALUES ('0017')")
            file.commit()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "file"), [(["run"], "noisefox.db"), (["try", "--port", "0"], "try/noisefox.db")], ids=["run", "try"]
)
def test_an_older_database_is_refused_in_one_sentence(
    command: list[str], file: str, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = data / "config.toml"
    config.write_text(f'data = "{data}"\n')
    monkeypatch.setenv("NOISEFOX_TOKEN", "token")
    assert main([*command, "--config", str(config)]) == 1
    output = capsys.readouterr()
    assert f"noisefox: The database {data / file} was made by" in output.err
    assert "Traceback" not in output.err + output.out


@pytest.mark.parametrize("command", [["run"], ["try", "--port", "0"]], ids=["run", "try"])
def test_a_second_process_is_refused_in_one_sentence(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'data = "{tmp_path}"\n')
    monkeypatch.setenv("NOISEFOX_TOKEN", "token")
    with (
        data_folder.owned(tmp_path, "noisefox run"),
        data_folder.owned(tmp_path / "try" / "chat", "noisefox try"),
    ):
        assert main([*command, "--config", str(config)]) == 1
    output = capsys.readouterr()
    assert f"is in use by `noisefox {command[0]}`, process " in output.err
    assert "Traceback" not in output.err + output.out


def test_the_doctor_says_it_too(data: Path) -> None:
    findings = list(database_findings(data))
    assert [well for well, _ in findings] == [False, False]
    assert all("Update Noisefox, or move the folder" in sentence for _, sentence in findings)


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A sound data folder, with requests and a picture."""
    await fill(tmp_path)
    (tmp_path / data_folder.LOCK).touch()
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_of_a_database_is_one_sentence(
    fault: Callable[[Path], None], filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(filled)
    assert_one_sentence(filled, FAULTS[fault], capsys, monkeypatch)


def test_a_locked_database_is_one_sentence(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.check, "__defaults__", (0.1,))
    monkeypatch.setattr(database.migrate, "__defaults__", (0.1,))
    with closing(sqlite3.connect(filled / database.FILE, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        assert_one_sentence(filled, "Another program uses it", capsys, monkeypatch)


def test_a_data_folder_that_is_a_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert_one_sentence(tmp_path / "data", "is a file, or in one", capsys, monkeypatch)


def test_a_data_folder_that_cannot_be_written_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with without_rights():
            assert_one_sentence(Path(folder), "cannot be written", capsys, monkeypatch)


def assert_one_sentence(
    data: Path, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` ends with status 1 and one line, and the doctor finds the same."""
    monkeypatch.setenv("NOISEFOX_TOKEN", "token")
    monkeypatch.setattr(config, "load", lambda _: Config(data=data))
    assert main(["run"]) == 1
    output = capsys.readouterr()
    assert re.fullmatch(f"noisefox: .*({sentence}).*\n", output.err), output.err
    assert output.out == ""
    assert any(not well and re.search(sentence, words) for well, words in data_findings(data))


def test_the_doctor_says_that_a_bot_is_running_and_the_database_is_sound(filled: Path) -> None:
    with data_folder.owned(filled, "noisefox run"):
        findings = list(database_findings(filled))
    assert all(well for well, _ in findings)
    assert "in use by `noisefox run`" in findings[0][1]
    assert "is sound" in findings[1][1]


def test_the_doctor_says_nothing_of_databases_that_are_not_there(tmp_path: Path) -> None:
    assert list(database_findings(tmp_path)) == []
    assert not list(tmp_path.iterdir())
