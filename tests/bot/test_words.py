import pytest

from bot import words


@pytest.mark.parametrize(
    ("blocked", "prompt"),
    [
        ("ass", "a donkey, an ASS!"),
        ("ass", "an @$$"),
        ("ass", "a \N{FULLWIDTH LATIN SMALL LETTER A}ss"),
        ("café", "a cafe"),
        ("red  apple", "a red-apple"),
        ("gore*", "a gorefest"),
        ("дом", "большой ДОМ"),
    ],
)
def test_blocked(blocked: str, prompt: str) -> None:
    assert words.first_blocked(("nothing", blocked), prompt) == blocked


@pytest.mark.parametrize(
    ("blocked", "prompt"),
    [("ass", "green grass"), ("ass", "assemble"), ("red apple", "apple red"), ("gore", "gorefest")],
)
def test_parts_of_other_words_are_not(blocked: str, prompt: str) -> None:
    assert words.first_blocked((blocked,), prompt) is None


def test_as_an_admin_types_them() -> None:
    assert words.read(" gore,two  words\nGore*, *,,gore") == ("gore", "two words", "Gore*")
