import pytest

from generation.prompts import word_lists


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("red, dark blue,, green", ("red", "dark blue", "green")),
        ("{2$$red|dark, blue}, (a, b:1.2)", ("{2$$red|dark, blue}", "(a, b:1.2)")),
        ("(red, {blue", ("(red", "{blue")),
        ("a\\, b, c\nd", ("a\\, b", "c", "d")),
    ],
)
def test_commas_inside_brackets_divide_nothing(text: str, entries: tuple[str, ...]) -> None:
    assert word_lists.typed(text) == entries
