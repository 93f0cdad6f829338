"""One file of translations, in gettext's PO format."""

from gettext import c2py
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from generation.errors import NoisefoxError


class CatalogueError(NoisefoxError):
    """A file of translations that can't be read."""


class Catalogue:
    """The translations of a file. Raises `CatalogueError` where the file is damaged."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._catalog = read_po(file, locale=path.stem, abort_invalid=True)
            self._form = c2py(self._catalog.plural_expr)
        except (PoFileError, ValueError) as error:
            raise CatalogueError(f"Repair or remove {path}, which can't be read: {error}.") from error

    def found(self, text: str, context: str | None, n: int) -> str | None:
        """The translation of an English text, in the form for a number; None where it has none, or a doubtful one."""
        message = self._catalog.get(text, context)
        if message is None or message.fuzzy:
            return None
        translation = message.string or ""
        return (translation if isinstance(translation, str) else translation[self._form(n)]) or None
