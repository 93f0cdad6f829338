"""Data folders and databases that cannot be used: one sentence, exit status 1, no traceback; the doctor says it too."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli import doctor
from storage import data_folder


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
    findings = list(doctor.database_findings(data))
    assert [well for well, _ in findings] == [False, False]
    assert all("Update Noisefox, or move the folder" in sentence for _, sentence in findings)


def test_the_doctor_says_nothing_of_databases_that_are_not_there(tmp_path: Path) -> None:
    assert list(doctor.database_findings(tmp_path)) == []
    assert not list(tmp_path.iterdir())
