"""Where `noisefox imagine` keeps what it measured."""

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from bot.cli.draw import worker_options
from bot.config import Config


def test_a_project_folder_keeps_its_own_measurements(tmp_path: Path) -> None:
    assert worker_options(Config(data=tmp_path)).measurements == tmp_path / "measured.json"


def test_elsewhere_the_users_cache_directory_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = worker_options(Config(data=tmp_path / "data")).measurements
    assert kept == user_cache_path("noisefox", appauthor=False) / "measured.json"
    assert kept.parent.is_dir()
    assert not (tmp_path / "data").exists()


def test_a_cache_directory_that_cannot_be_made_stops_no_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert worker_options(Config(data=tmp_path / "data")).measurements is not None
