"""Reads and writes catalogues, and brings them up to date."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

TEMPLATE = "messages.pot"

_UNSTABLE = ('"POT-Creation-Date:', '"Generated-By:')
"""Headers that would change, and conflict, each time that a file is written."""


def update(folder: Path, template: Catalog) -> None:
    """Write the template into a folder, and bring the languages there up to date: what is new has no translation yet,
    what is gone from the template is dropped. An empty file becomes a catalogue that waits for its translator."""
    (folder / TEMPLATE).write_text(written(template), "utf-8")
    for path in sorted(folder.glob("*.po")):
        catalog = read(path) if path.stat().st_size else begun(path.stem, template)
        catalog.update(template, no_fuzzy_matching=True)
        if is_regional(path):
            _leave_out_untranslated(catalog)
        path.write_text(written(catalog), "utf-8")


def read(path: Path) -> Catalog:
    """The catalogue in a file. Raises `PoFileError` where it is damaged."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def begun(locale: str, template: Catalog) -> Catalog:
    """A catalogue without entries for a language, with its plural forms by Unicode's rules."""
    return Catalog(
        locale=locale,
        project=template.project,
        version=template.version,
        header_comment=template.header_comment,
        msgid_bugs_address=template.msgid_bugs_address,
        fuzzy=False,
    )


def written(catalog: Catalog) -> str:
    """A catalogue as a PO file: a line a text, without numbers of lines, so that changes stay small."""
    for message in catalog:
        message.flags.discard("python-format")
    file = BytesIO()
    write_po(file, catalog, width=0, include_lineno=False, ignore_obsolete=True)
    lines = file.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_UNSTABLE)).rstrip("\n") + "\n"


def is_regional(path: Path) -> bool:
    """True for a file that holds only what differs from its language's, as `es_419.po` from `es.po`."""
    language, _, region = path.stem.partition("_")
    return bool(region) and path.with_stem(language).exists()


def _leave_out_untranslated(catalog: Catalog) -> None:
    for message in list(catalog):
        if message.id and not any(forms(message.string)):
            catalog.delete(message.id, message.context)


def forms(string: object) -> tuple[str, ...]:
    """The forms of a message's translation, or of its English: one, or one for each plural."""
    return tuple(string) if isinstance(string, list | tuple) else (str(string or ""),)
