import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import InvalidSetting, UserError
from generation.prompts.choices import MOST_LINES, Template, escaped

LISTS = {
    "colour": ["red", "{dark|light} blue"],
    "animals/wild": ["fox"],
    "round": ["__round__"],
    "two": ["a __colour__"],
    "moods": [],
}

MARKED = st.lists(st.sampled_from([*"{}|[],\\_$2-ab ", "__colour__", "{2$$"]), max_size=60).map("".join)


def all_of(text: str) -> set[str]:
    return {Template(text).drawn(seed, LISTS) for seed in range(60)}


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a fox", {"a fox"}),
        ("a { red | blue } fox", {"a red fox", "a blue fox"}),
        ("a {red|} fox", {"a red fox", "a  fox"}),
        ("{a|{b|c}}", {"a", "b", "c"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{0-1$$a|b}", {"", "a", "b"}),
        ("{5$$a|b}", {"a, b", "b, a"}),
        ("{a, b|c}", {"a, b", "c"}),
        ("{[x|y]|z}", {"[x|y]", "z"}),
        ("{[x|y}", {"[x", "y"}),
        ("[a|b] {c}", {"[a|b] {c}"}),
        ("{a|b", {"{a|b"}),
        ("a|b}", {"a|b}"}),
        ("{ {a|b}", {"{ a", "{ b"}),
        (r"\{a|b\} \__colour__ a\, b", {"{a|b} __colour__ a, b"}),
        ("__colour__ fox", {"red fox", "dark blue fox", "light blue fox"}),
        ("__COLOUR__ __animals/wild__", {"red fox", "dark blue fox", "light blue fox"}),
        ("__two__", {"a red", "a dark blue", "a light blue"}),
        ("snake_case a__b a__two__b <lora:__two__:1>", {"snake_case a__b a__two__b <lora:__two__:1>"}),
        ("<lora:ink:{1|2}>", {"<lora:ink:1>", "<lora:ink:2>"}),
    ],
)
def test_choices(text: str, drawn: set[str]) -> None:
    assert all_of(text) == drawn
    assert Template(text).is_random is (len(drawn) > 1 or "__animals" in text)


def test_two_of_three_are_two_different_ones() -> None:
    assert all_of("{2$$a|b|c}") == {"a, b", "a, c", "b, a", "b, c", "c, a", "c, b"}


def test_a_seed_chooses_the_same_again() -> None:
    template = Template("{a|b|c|d|e|f} {1-3$$1|2|3} __colour__")
    assert [template.drawn(seed, LISTS) for seed in range(9)] == [template.drawn(seed, LISTS) for seed in range(9)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("__color__", "There's no word list “color” here. Did you mean one of these? colour."),
        ("__init__", "There's no word list “init” here. Write its words yourself, or type `\\__` for plain text."),
        ("__moods__", "The word list “moods” is empty here. Write its words yourself, or choose another list."),
        ("__mood__", "There's no word list “mood” here. Write its words yourself, or type `\\__` for plain text."),
        ("__round__", f"The prompt takes more than {MOST_LINES} words from lists. Remove some."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Template(text).drawn(1, LISTS)
    assert str(refusal.value) == sentence


@given(MARKED | st.text(max_size=30), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_a_finished_prompt_comes_back_as_it_was(text: str, seed: int) -> None:
    assert Template(escaped(text)).drawn(seed) == text
    assert not Template(escaped(text)).is_random
    try:
        drawn = Template(text).drawn(seed, LISTS)
    except UserError:
        return
    assert Template(text).drawn(seed, LISTS) == drawn
    if not Template(text).is_random and "\\" not in text:
        assert drawn == text


def test_deep_nesting_is_no_trouble() -> None:
    assert Template("{" * 1000 + "a" + "|b}" * 1000).drawn(1) in ("a", "b")
    deep = "{" * 3000 + "a" + "}" * 3000
    assert Template(deep).drawn(1) == deep
