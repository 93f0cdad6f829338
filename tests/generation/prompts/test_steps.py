import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import prompt_syntax
from generation.errors import InvalidSetting
from generation.prompts import steps
from generation.prompts.steps import MOST_CHANGING, MOST_TEXTS, StepPrompt

MARKED = st.lists(st.sampled_from([*"[]()<>|:\\.05ab ", ":0.5]", "[a|"]), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("a [fox:wolf:0.5]", ["a fox", "a fox", "a wolf", "a wolf"]),
        ("a [fox:wolf:1]", ["a fox", "a wolf", "a wolf", "a wolf"]),
        ("[a:b:0]", ["b"] * 4),
        ("[a:b:0.0]", ["b"] * 4),
        ("[a:b:1.0]", ["a"] * 4),
        ("[:b:.75]", ["", "", "", "b"]),
        ("[a::0.25]", ["a", "", "", ""]),
        ("[a|b]", ["a", "b", "a", "b"]),
        ("[a|b|c] x", ["a x", "b x", "c x", "a x"]),
        ("[a|]", ["a", "", "a", ""]),
        ("[[a|b]:c: 0.5 ]", ["a", "b", "c", "c"]),
        ("[(a:1.2):(b|c):0.5]", ["(a:1.2)", "(a:1.2)", "(b|c)", "(b|c)"]),
        ("[<left: a>:<right: b>:0.5]", ["<left: a>", "<left: a>", "<right: b>", "<right: b>"]),
        ("<left: [a:b:0.5]>", ["<left: a>", "<left: a>", "<left: b>", "<left: b>"]),
        ("[a:b|c]", ["a:b", "c", "a:b", "c"]),
        ("[old] (new) [red:1.3] [a:b:c] a|b [x", ["[old] (new) [red:1.3] [a:b:c] a|b [x"] * 4),
        (r"[a\|b] [a\:b:c:0.5] \[x|y\]", [r"[a|b] a:b \[x|y\]"] * 2 + [r"[a|b] c \[x|y\]"] * 2),
    ],
)
def test_the_text_of_each_step(prompt: str, texts: list[str]) -> None:
    assert [StepPrompt(prompt).at(step, 4) for step in range(4)] == texts


@pytest.mark.parametrize(("share", "first"), [("0.4", 10), ("0.29", 29), ("0.7", 7), ("0.3", 3)])
def test_a_share_is_that_share_of_the_steps(share: str, first: int) -> None:
    number = 25 if share == "0.4" else 100 if share == "0.29" else 10
    texts = steps.texts(f"[a:b:{share}]", number)
    assert texts.count("a") == first
    assert len(texts) == number


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("[a:b:1.5]", "switches after a share from 0 to 1, or after a whole number of steps, not 1.5"),
        ("[a|b]" * 51, f"changes in 51 places. The maximum is {MOST_CHANGING}"),
        ("[a|b] [a|b|c] [a|b|c|d|e]", f"make 30 different prompts. The maximum is {MOST_TEXTS}"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(prompt: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        steps.check(prompt, 60)
    steps.check("[a:b:7] [c|d] [e]", 60)


@given(MARKED | st.text(max_size=30), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(prompt: str, number: int) -> None:
    texts = steps.texts(prompt, number)
    assert len(texts) == (number if steps.read(prompt).changes else 1)
    if not steps.read(prompt).changes and "\\" not in prompt:
        assert texts == (prompt,)
    [[*_], *_] = map(prompt_syntax.parse, texts)


def test_deep_nesting_is_no_trouble() -> None:
    deep = "[" * 3000 + "a" + "]" * 3000
    assert StepPrompt(deep).at(0, 1) == deep
    assert StepPrompt("[" * 1000 + "a" + "|b]" * 1000).at(0, 4) == "a"
