"""Where `noisefox imagine` keeps what it measured."""

from pathlib import Path

import pytest

from bot.cli.draw import user_cache, worker_options
from bot.config import Config


def test_a_project_folder_keeps_its_own_measurements(tmp_path: Path) -> None:
    assert worker_options(Config(data=tmp_path)).measurements == tmp_path / "measured.json"


def test_elsewhere_the_users_cache_directory_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = worker_options(Config(data=tmp_path / "data")).measurements
    assert kept == tmp_path / "cache" / "noisefox" / "measured.json"
    assert kept.parent.is_dir()
    assert not (tmp_path / "data").exists()


def test_a_cache_directory_that_cannot_be_made_stops_no_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert worker_options(Config(data=tmp_path / "data")).measurements is not None


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {}, Path.home() / ".cache"),
        ("linux", {"XDG_CACHE_HOME": "/cache"}, Path("/cache")),
        ("darwin", {"XDG_CACHE_HOME": "/cache"}, Path.home() / "Library" / "Caches"),
        ("win32", {"LOCALAPPDATA": "local"}, Path("local")),
    ],
)
def test_each_system_has_its_cache_directory(platform: str, environment: dict[str, str], folder: Path) -> None:
    assert user_cache(platform, environment) == folder / "noisefox"
