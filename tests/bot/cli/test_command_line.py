"""The `noisefox` program, run as a process."""

import json
import re
import subprocess
import sys
from base64 import b64encode
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from PIL import Image

from bot.__main__ import main
from bot.interactions.permissions import NEEDED
from generation import infotext
from tests.bot.cli.program import noisefox, noisefox_process

FLOAT32 = ("--config", str(Path(__file__).with_name("float32.toml")))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Seed 7 twice, then seed 8: the first JSON line of each run."""
    folder = tmp_path_factory.mktemp("drawn")
    lines = []
    for seed in ("7", "7", "8"):
        result = noisefox("imagine", "a red apple", "--seed", seed, "--steps", "8", "--json", *FLOAT32, folder=folder)
        assert result.returncode == 0, result.stderr
        lines.append(json.loads(result.stdout) | {"folder": str(folder)})
    return lines


def pixels(line: dict[str, object]) -> bytes:
    return Image.open(Path(str(line["folder"]), str(line["path"]))).tobytes()


def test_one_json_object_a_picture(drawn: list[dict[str, object]]) -> None:
    line = drawn[0]
    settings = line["settings"]
    assert isinstance(settings, dict)
    assert line["seed"] == settings["seed"] == 7
    assert settings["steps"] == 8
    assert isinstance(line["seconds"], float)
    text = Image.open(Path(str(line["folder"]), str(line["path"]))).info["parameters"]
    assert infotext.from_infotext(text).seed == 7


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(drawn: list[dict[str, object]]) -> None:
    first, again, other = map(pixels, drawn)
    assert first == again
    difference = abs(numpy.frombuffer(first, numpy.uint8).astype(int) - numpy.frombuffer(other, numpy.uint8)).mean()
    assert difference > 5


def test_explain_makes_a_figure_an_animation_and_the_very_picture(
    drawn: list[dict[str, object]], tmp_path: Path
) -> None:
    result = noisefox(
        "explain", "a red apple", "--seed", "7", "--steps", "8", "--out", "shown", *FLOAT32, folder=tmp_path
    )
    assert result.returncode == 0, result.stderr
    names = ["seed-7-explained.png", "seed-7-steps.webp", "seed-7.png"]
    assert result.stdout.splitlines() == [f"shown/{name}" for name in names]
    assert Image.open(tmp_path / "shown" / "seed-7.png").tobytes() == pixels(drawn[0])


def test_the_cells_of_a_comparison_are_the_pictures_of_single_runs(
    drawn: list[dict[str, object]], tmp_path: Path
) -> None:
    result = noisefox(
        "compare", "a red apple", "--seed", "7", "--steps", "4,8", "--out", "shown", *FLOAT32, folder=tmp_path
    )
    assert result.returncode == 0, result.stderr
    names = ["compared-steps.png", "compared-steps-4.png", "compared-steps-8.png"]
    assert result.stdout.splitlines() == [f"shown/{name}" for name in names]
    cell = numpy.asarray(Image.open(tmp_path / "shown" / "compared-steps-8.png"), dtype=int)
    single = numpy.frombuffer(pixels(drawn[0]), numpy.uint8).reshape(cell.shape)
    assert abs(cell - single).max() <= 1


def test_no_file_is_overwritten(drawn: list[dict[str, object]]) -> None:
    assert [line["path"] for line in drawn] == ["out/seed-7.png", "out/seed-7-2.png", "out/seed-8.png"]


def test_several_pictures(tmp_path: Path) -> None:
    """The real program, with the worker that it starts."""
    result = noisefox_process(
        *("imagine", "a cat", "--seed", "1", "--count", "2", "--steps", "2", "--out", "here", *FLOAT32), folder=tmp_path
    )
    assert result.stdout.splitlines() == ["here/seed-1.png  (seed 1)", "here/seed-2.png  (seed 2)"]
    assert Image.open(BytesIO((tmp_path / "here" / "seed-2.png").read_bytes())).size == (128, 128)


def test_braces_stand_for_several_prompts(tmp_path: Path) -> None:
    drawn = noisefox(
        *("imagine", "a {red, blue} fox --seed 1", "--steps", "1", "--json", "--out", "here", *FLOAT32), folder=tmp_path
    )
    prompts = [json.loads(line)["settings"]["prompt"] for line in drawn.stdout.splitlines()]
    assert prompts == ["a red fox", "a blue fox"]
    assert sorted(each.name for each in (tmp_path / "here").iterdir()) == ["seed-1-2.png", "seed-1.png"]


def test_random_choices_are_made_by_their_own_seed(tmp_path: Path) -> None:
    (tmp_path / "colour.txt").write_text("red\nred\n")
    (tmp_path / "config.toml").write_text('[wildcards]\nfolder = "."\n[worker]\ndtype = "float32"\n')
    text = "a __colour__ {1|2|3|4|5|6|7|8|9} {fox, cat} --choice-seed 7 --seed 1"
    drawn = noisefox("imagine", text, "--steps", "1", "--json", "--out", "here", folder=tmp_path)
    fox, cat = (json.loads(line)["settings"]["prompt"] for line in drawn.stdout.splitlines())
    assert fox == cat.replace("cat", "fox")
    assert re.fullmatch(r"a red \d fox", fox)


def test_a_picture_is_enlarged_and_keeps_its_settings(drawn: list[dict[str, object]]) -> None:
    folder = Path(str(drawn[0]["folder"]))
    result = noisefox("upscale", "out/seed-7.png", "--factor", "4", "--with", "Lanczos", folder=folder)
    assert result.stdout.startswith("out/seed-7-x4.png  (512×512, Lanczos, "), result.stderr
    image = Image.open(folder / "out" / "seed-7-x4.png")
    assert image.size == (512, 512)
    assert infotext.from_infotext(image.info["parameters"]).seed == 7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("imagine", "a fox", "--steps", "1000"), "Steps must be between 1 and 150, not 1000."),
        (("imagine", "a fox", "--model", "gone"), "There's no model called “gone” here."),
        (("imagine", " "), "The prompt is empty."),
        (("upscale", "nowhere.png"), "nowhere.png cannot be read: No such file or directory."),
        (("upscale", __file__), "This file can't be read."),
        (("run",), "There is no bot token. Set the environment variable NOISEFOX_TOKEN"),
        (("run", "--config", "nowhere.toml"), "The file nowhere.toml does not exist."),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = noisefox(*arguments, folder=tmp_path)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "config.toml").write_text(f'[models.mine]\nsource = "{tmp_path / "model"}"')
    result = noisefox("imagine", "a fox", "--config", "config.toml", folder=tmp_path)
    assert result.returncode == 1
    assert "This model can't be loaded" in result.stderr


def test_the_doctor_finds_what_is_missing(tmp_path: Path) -> None:
    """The real program, with the worker that it starts."""
    (tmp_path / "config.toml").write_text('[models.mine]\nsource = "./nowhere"')
    result = noisefox_process("doctor", "--config", "config.toml", folder=tmp_path)
    assert result.returncode == 1
    missing = [line for line in result.stdout.splitlines() if line.startswith("missing")]
    assert len(missing) == 2
    assert "NOISEFOX_TOKEN" in missing[0]
    assert "nowhere has no model" in missing[1]
    assert "runs on cpu" in result.stdout or "runs on cuda" in result.stdout


def test_the_doctor_prints_the_invitation(tmp_path: Path) -> None:
    token = b64encode(b"123456789012345678").decode() + ".x.y"
    result = noisefox("doctor", folder=tmp_path, token=token)
    assert result.returncode == 0, result.stdout
    [link] = re.findall(r"https://discord.com/\S+", result.stdout)
    assert "client_id=123456789012345678" in link
    assert re.findall(r"permissions=(\d+)", link) == [str(NEEDED.value)]


def test_neither_help_nor_the_bot_imports_torch(tmp_path: Path) -> None:
    for line in ("import bot.app", "import bot.__main__, bot.cli.draw, bot.cli.doctor"):
        check = f"{line}; import sys; assert 'torch' not in sys.modules and 'diffusers' not in sys.modules"
        subprocess.run([sys.executable, "-c", check], check=True)
    assert "imagine" in noisefox_process("--help", folder=tmp_path).stdout


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Noisefox {version('noisefox')}\n")


def test_a_restore_says_that_the_bot_must_be_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["restore", "--help"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "stop the bot first" in " ".join(capsys.readouterr().out.split())


def test_the_config_of_the_current_folder_is_read_and_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[limits]\nsteps = 0\n[worker]\ndtype = 'float12'\n")
    commands = (("imagine", "a fox"), ("upscale", "x.png"), ("run",), ("try",), ("bench",), ("check",), ("backup",))
    for command in commands:
        result = noisefox(*command, folder=tmp_path, token="x")
        assert result.returncode == 1
        told, heading, *mistakes = result.stderr.splitlines()
        assert (told, heading) == ("noisefox: the configuration is config.toml", "noisefox: These settings are wrong:")
        assert [mistake.split(":")[0] for mistake in mistakes] == ["- worker.dtype", "- limits.steps"]
    named = noisefox("imagine", "a fox", "--config", "config.toml", folder=tmp_path)
    assert named.stderr.startswith("noisefox: These settings are wrong:")
