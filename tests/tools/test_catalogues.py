"""Catalogues are brought up to date with the template."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools.catalogues.files import TEMPLATE, forms, read, update, written

SPANISH = """
msgid ""
msgstr ""
"Language: es\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

# A note of the translator.
msgid "Re-roll"
msgstr "Repetir"

msgid "Re-rolls"
msgstr "Se repite"
"""


@pytest.fixture
def template() -> Catalog:
    catalog = Catalog(header_comment="# Texts.", fuzzy=False)
    catalog.add("Re-roll", locations=[("bot/a.py", 0), ("bot/b.py", 0)])
    catalog.add("Re-roll it at 100% of {size}", locations=[("bot/b.py", 0)])
    catalog.add(("{n} step", "{n} steps"), locations=[("bot/b.py", 0)])
    catalog.add("seed", context="name")
    return catalog


@pytest.fixture
def folder(tmp_path: Path, template: Catalog) -> Path:
    """A folder that has been brought up to date."""
    (tmp_path / "es.po").write_text(SPANISH, "utf-8")
    (tmp_path / "es_419.po").write_text('msgid "seed"\nmsgstr "x"\n\nmsgid "Re-roll"\nmsgstr "Otra vez"\n', "utf-8")
    (tmp_path / "pl.po").touch()
    update(tmp_path, template)
    return tmp_path


def texts(path: Path) -> dict[tuple[str | None, str], tuple[str, ...]]:
    """The translations of a file, by context and English singular."""
    return {(each.context, forms(each.id)[0]): forms(each.string) for each in read(path) if each.id}


def test_translations_stay_and_what_is_new_is_empty_and_not_guessed(folder: Path) -> None:
    assert texts(folder / "es.po") == {
        (None, "Re-roll"): ("Repetir",),
        (None, "Re-roll it at 100% of {size}"): ("",),
        (None, "{n} step"): ("", ""),
        ("name", "seed"): ("",),
    }
    spanish = (folder / "es.po").read_text("utf-8")
    assert '# A note of the translator.\n#: bot/a.py bot/b.py\nmsgid "Re-roll"\nmsgstr "Repetir"\n' in spanish
    assert "fuzzy" not in spanish
    assert "Se repite" not in spanish


def test_a_region_gets_no_empty_entries(folder: Path) -> None:
    assert texts(folder / "es_419.po") == {(None, "Re-roll"): ("Otra vez",)}


def test_an_empty_file_waits_for_its_translator(folder: Path) -> None:
    assert texts(folder / "pl.po")[None, "{n} step"] == ("", "", "")
    assert (folder / "pl.po").read_text("utf-8").startswith("# Texts.\nmsgid")


def test_placeholders_are_in_braces_and_nothing_changes_from_day_to_day(folder: Path, template: Catalog) -> None:
    text = (folder / TEMPLATE).read_text("utf-8")
    assert text == written(template)
    assert text.count("#, python-brace-format\n") == 2
    assert not any(word in text for word in ("python-format", "Creation-Date", "Generated-By"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    update(folder, template)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
