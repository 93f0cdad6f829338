import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import InvalidSetting
from generation.prompts import parts
from generation.prompts.parts import AREAS, Box, Part, PartedPrompt

LEFT, RIGHT = AREAS["left"], AREAS["right"]
MARKED = st.lists(
    st.sampled_from([*"<>()[]:,.\\01ab ", " AND ", "<left:", "<0,0,1,1:", "<lora:a:1>"]), max_size=60
).map("".join)


@pytest.mark.parametrize(
    ("prompt", "read"),
    [
        ("a fox ", [Part("a fox ")]),
        ("a fox AND a wolf", [Part("a fox"), Part("a wolf", term=1)]),
        ("a fox :1.5 AND a wolf:-.5", [Part("a fox", 1.5), Part("a wolf", -0.5, term=1)]),
        ("a fox AND", [Part("a fox")]),
        ("AND", [Part("AND")]),
        ("a fox :1.5", [Part("a fox :1.5")]),
        ("a BAND (a AND b)", [Part("a BAND (a AND b)")]),
        ("<left: a fox> <right: a wolf>", [Part("a fox", box=LEFT), Part("a wolf", box=RIGHT)]),
        ("snow, <left: a fox>", [Part("snow"), Part("a fox, snow", box=LEFT)]),
        ("<left: a fox>", [Part("a fox"), Part("a fox", box=LEFT)]),
        ("<Arriba izquierda: a> b", [Part("b"), Part("a, b", box=AREAS["top left"])]),
        ("<Top-Left: a> b", [Part("b"), Part("a, b", box=AREAS["top left"])]),
        ("<0,0,.5,1: a> b", [Part("b"), Part("a, b", box=Box(0, 0, 0.5, 1))]),
        (
            "<left: a> b AND c :0.5",
            [Part("b"), Part("a, b", box=LEFT), Part("c", 0.5, term=1)],
        ),
        ("a <lora:ink:0.5> AND b", [Part("a <lora:ink:0.5>"), Part("b <lora:ink:0.5>", term=1)]),
        ("<lora:ink:0.5> a <cat-toy> I <3 you: yes>", [Part("<lora:ink:0.5> a <cat-toy> I <3 you: yes>")]),
        (r"\<left: a fox\>", [Part("<left: a fox>")]),
    ],
)
def test_parts(prompt: str, read: list[Part]) -> None:
    assert list(PartedPrompt(prompt).parts) == read


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("<0,0,2,1: a>", "four fractions from 0 to 1 .*, not 0,0,2,1. Write `<0,0,0.5,1: a fox>`"),
        ("<0.5,0,0.2,1: a>", "four fractions"),
        ("<0,0,1: a>", "four fractions"),
        (" AND ".join("abcdefghi"), "has 9 parts and regions. The maximum is 8"),
        ("a :11 AND b", "between -10 and 10"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(prompt: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        parts.check(prompt)
    parts.check("<left: a> b AND c :0.5")


def test_a_piece_of_a_picture_has_the_words_of_all_regions() -> None:
    assert parts.without_regions("snow, <left: a fox> <right: a wolf>") == "a fox, snow, a wolf, snow"
    assert parts.without_regions("a fox AND a wolf") == "a fox AND a wolf"


@given(MARKED | st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(prompt: str) -> None:
    reading = PartedPrompt(prompt)
    assert reading.parts
    if not any(mark in prompt for mark in ("AND", "<", "\\")):
        assert reading.parts == (Part(prompt),)
