"""What `noisefox imagine` reads, and where it keeps what it measured."""

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from bot.__main__ import parser
from bot.cli import draw
from bot.cli.drawer import NotDrawn, worker_options
from bot.config import Config
from generation.catalogue import Catalogue, ModelSpec
from generation.errors import InvalidSetting, Unsuitable
from generation.settings import GenerationSettings, Sampler


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


def asked(*arguments: str) -> GenerationSettings:
    return draw.asked_for(parser().parse_args(["imagine", *arguments]), Catalogue())[0]


def test_flags_inside_the_prompt_are_read_as_in_the_chat() -> None:
    settings = asked("a fox --ar 2:1 --seed 7 --steps=5 --no hands --repeat 3 --sampler Euler a")
    assert (settings.prompt, settings.negative_prompt, settings.seed) == ("a fox", "hands", 7)
    assert (settings.width, settings.height, settings.steps, settings.count) == (184, 88, 5, 3)
    assert settings.sampler is Sampler.EULER_ANCESTRAL


def test_an_option_of_the_command_outweighs_a_flag() -> None:
    settings = asked("a fox --seed 7 --steps 5 --ar 2:1", "--seed", "8", "--steps", "9", "--width", "64")
    assert (settings.seed, settings.steps, settings.width) == (8, 9, 64)


def test_an_unknown_flag_is_refused_with_what_was_meant() -> None:
    with pytest.raises(InvalidSetting, match="Did you mean `--steps`"):
        asked("a fox --stpes 5")


def test_a_style_of_the_chat_is_not_here() -> None:
    with pytest.raises(NotDrawn, match="Styles are saved in the chat, and there are none here"):
        asked("a fox --style noir")


def test_it_is_said_that_nothing_is_posted(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("a fox --private").prompt == "a fox"
    assert "--private and --spoiler were ignored" in capsys.readouterr().err


def test_what_has_no_effect_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    asked("a fox --strength 0.5", "--control-scale", "0.5")
    said = capsys.readouterr()
    assert "Strength was ignored" in said.err
    assert "ControlNet's weight was ignored" in said.err
    assert not said.out


def test_what_a_model_cannot_draw_is_refused_or_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    catalogue = Catalogue([ModelSpec("sana", str(tmp_path))])

    def asked(*arguments: str) -> GenerationSettings:
        return draw.asked_for(parser().parse_args(["imagine", *arguments]), catalogue)[0]

    settings = asked("a fox --size 72x520")
    assert (settings.width, settings.height) == (64, 512)
    assert capsys.readouterr().err == "noisefox: sana can't draw that size, so the picture has 64×512 pixels.\n"
    with pytest.raises(Unsuitable, match="sana doesn't support clip skip"):
        asked("a fox --clip 2")
