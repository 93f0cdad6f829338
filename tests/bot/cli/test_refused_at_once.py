"""What the command line refuses before anything is drawn or started."""

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from PIL import Image

from bot.__main__ import main
from bot.cli import drawer
from tests.bot.cli.program import noisefox

COMMANDS = {
    "imagine": ("imagine", "a fox"),
    "explain": ("explain", "a fox"),
    "compare": ("compare", "a fox", "--steps", "2,3"),
    "upscale": ("upscale", "small.png"),
}


@pytest.fixture(autouse=True)
def _without_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawer, "LocalPool", lambda _: pytest.fail("a worker was started"))


def refused(result: CompletedProcess[str]) -> str:
    """The only line that was printed."""
    assert (result.returncode, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_a_file_in_place_of_the_folder(tmp_path: Path, command: str, out: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    (tmp_path / "taken").write_text("mine")
    result = noisefox(*COMMANDS[command], "--out", out, folder=tmp_path)
    assert refused(result) == f"noisefox: --out {out} leads to a file. Choose a folder."
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_file_in_place_of_the_folder_of_a_soak(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    line = refused(noisefox("soak", "--jobs", "1", "--folder", "taken", folder=tmp_path))
    assert line == "noisefox: --folder taken leads to a file. Choose a folder."


def test_a_soak_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("mine")
    line = refused(noisefox("soak", "--jobs", "1", "--folder", str(tmp_path), folder=tmp_path))
    assert line == f"noisefox: --folder {tmp_path} isn't empty, and nothing in it may be lost. Choose a new folder."
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("config.toml", "mine")]


def test_a_folder_that_cannot_be_made_or_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = noisefox(*COMMANDS["imagine"], "--out", "n" * 300, folder=tmp_path)
    assert refused(result).endswith("cannot be made: File name too long. Choose another folder.")
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = noisefox(*COMMANDS["imagine"], "--out", "locked", folder=tmp_path)
    assert refused(result) == "noisefox: --out locked cannot be written to. Choose another folder."


@pytest.mark.parametrize("port", ["99999", "65536", "-1"])
def test_a_port_that_does_not_exist(tmp_path: Path, port: str) -> None:
    line = refused(noisefox("try", f"--port={port}", folder=tmp_path))
    assert line == f"noisefox: Port must be between 0 and 65535, not {port}."
    assert list(tmp_path.iterdir()) == [], "no data folder was made"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("soak", "--users=0"), "argument --users: use at least 1, not 0"),
        (("soak", "--users=-1"), "argument --users: use at least 1, not -1"),
        (("soak", "--jobs=0"), "argument --jobs: use at least 1, not 0"),
        (("soak", "--jobs=-1"), "argument --jobs: use at least 1, not -1"),
        (("bench", "--load", "--members=0"), "argument --members: use at least 1, not 0"),
        (("bench", "--load", "--members=-3"), "argument --members: use at least 1, not -3"),
        (("bench", "--load", "--seconds=-1"), "argument --seconds: use a number above 0, not -1"),
        (("bench", "--load", "--seconds=0"), "argument --seconds: use a number above 0, not 0"),
        (("bench", "--load", "--seconds=nan"), "argument --seconds: use a number above 0, not nan"),
        (("bench", "--load", "--seconds=inf"), "argument --seconds: use a number above 0, not inf"),
        (
            ("imagine", "a fox", "--seed-size", "5"),
            "argument --seed-size: use a width and a height, such as 512x768, not 5",
        ),
        (
            ("imagine", "a", "--seed-size=5x"),
            "argument --seed-size: use a width and a height, such as 512x768, not 5x",
        ),
        (
            ("explain", "a fox", "--guidance-part=1"),
            "argument --guidance-part: use two numbers from 0 to 1, such as 0.1-0.8, not 1",
        ),
        (("soak", "--jobs=many"), "argument --jobs: use a whole number, not many"),
        (("bench", "--seconds=long"), "argument --seconds: use a number above 0, not long"),
    ],
)
def test_numbers_that_make_no_soak_and_no_bench(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"noisefox {arguments[0]}: error: {sentence}"
