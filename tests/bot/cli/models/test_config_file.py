"""Changes to a configuration keep what people wrote."""

import tomllib
from pathlib import Path

import pytest

from bot.cli.models import config_file
from bot.cli.models.errors import NotEdited

WRITTEN = """\
# my bot
data = "data"   # here

# the toy
[models.pocket]
source = "pocket"

# what I like best
[models."real one"]
source = "a/b"  # from the hub
steps = 3
# width = 8

# [models.later]
# source = "c/d"

[loras]
folder = "loras"
"""

ADDED = """
[models.new]
source = "x/y"
steps = 4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(WRITTEN)
    file.chmod(0o600)
    return file


def test_a_section_is_added_after_those_of_the_other_models(file: Path) -> None:
    config_file.add(file, "new", {"source": "x/y", "steps": 4})
    before, _, after = WRITTEN.partition("# width = 8\n")
    assert file.read_text() == f"{before}# width = 8\n{ADDED}{after}"
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_first_section_keeps_the_small_model_as_the_default(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    config_file.add(file, 'a "name" with [signs]', {"source": "x/y"})
    assert tomllib.loads(file.read_text()) == {
        "models": {"pocket": {"source": "pocket"}, 'a "name" with [signs]': {"source": "x/y"}}
    }


def test_the_default_moves_to_the_front_with_its_comments(file: Path) -> None:
    config_file.make_default(file, "real one")
    assert config_file.names(file.read_text()) == ["real one", "pocket"]
    moved = '# what I like best\n[models."real one"]\nsource = "a/b"  # from the hub\nsteps = 3\n# width = 8\n'
    assert file.read_text() == WRITTEN.replace(f"{moved}\n", "").replace("# the toy", f"{moved}\n# the toy")


def test_a_removed_section_leaves_everything_else(file: Path) -> None:
    config_file.remove(file, "pocket")
    assert file.read_text() == WRITTEN.replace('# the toy\n[models.pocket]\nsource = "pocket"\n\n', "")
    config_file.remove(file, "real one")
    assert "models" not in tomllib.loads(file.read_text())
    assert "# [models.later]" in file.read_text()


def test_a_line_is_changed_where_it_stands(file: Path) -> None:
    for licence in ("mit", "of its own"):
        config_file.set_line(file, "real one", "licence", licence)
        assert file.read_text() == WRITTEN.replace("steps = 3\n", f'steps = 3\nlicence = "{licence}"\n')


@pytest.mark.parametrize(
    "text",
    [
        '[models]\na.source = "a/b"\nb.source = "c/d"\n',
        'models = {a = {source = "a/b"}, b = {source = "c/d"}}\n',
        '[models.a]\nsource = """\n[models.b]\n"""\n[models.b]\nsource = "c/d"\n',
    ],
)
def test_what_only_a_person_can_change_is_left(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    for change in (config_file.make_default, config_file.remove):
        with pytest.raises(NotEdited, match=r"Edit its \[models\] sections by hand"):
            change(file, "b")
    assert file.read_text() == text
