"""The table of docs/models.md, against the table of abilities."""

from tools import abilities


def test_the_page_has_the_table_of_today() -> None:
    page = abilities.PAGE.read_text()
    assert abilities.table() in page, "run python -m tools.abilities"
    assert abilities.written(page) == page
