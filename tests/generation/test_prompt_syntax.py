from collections.abc import Callable

import pytest

from generation.prompt_syntax import HEAVIEST, Span, parse
from tests.generation.work import instructions


def rounded(prompt: str) -> list[list[tuple[str, float]]]:
    return [[(span.text, round(span.weight, 4)) for span in window] for window in parse(prompt)]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("a fox", [("a fox", 1)]),
        ("a (red) fox", [("a ", 1), ("red", 1.1), (" fox", 1)]),
        ("a ((red)) [old] fox", [("a ", 1), ("red", 1.21), (" ", 1), ("old", 0.9091), (" fox", 1)]),
        ("(red:1.3) fox", [("red", 1.3), (" fox", 1)]),
        ("(a (red:1.5) fox:0.5)", [("a ", 0.5), ("red", 0.75), (" fox", 0.5)]),
        ("([red])", [("red", 1)]),
        ("(red: 2 ) (x:.5)", [("red", 2), (" ", 1), ("x", 0.5)]),
        ("time 3:15 (at 3:15 pm)", [("time 3:15 ", 1), ("at 3:15 pm", 1.1)]),
        (r"\(plain\) \[too\]", [("(plain) [too]", 1)]),
        (r"(a \(b\):1.2)", [("a (b)", 1.2)]),
        ("smile :) and (sad :(", [("smile :) and (sad :(", 1)]),
        ("((half)", [("(", 1), ("half", 1.1)]),
        ("BREAKFAST aBREAK", [("BREAKFAST aBREAK", 1)]),
        ("[red:1.3]", [("red:1.3", 0.9091)]),
        ("()", []),
        ("back\\slash", [("back\\slash", 1)]),
    ],
)
def test_weights(prompt: str, spans: list[tuple[str, float]]) -> None:
    assert rounded(prompt) == [spans]


def test_break_begins_a_new_window() -> None:
    assert rounded("a fox BREAK (in BREAK snow)") == [[("a fox ", 1)], [(" ", 1), ("in ", 1.1)], [(" snow", 1.1)]]


def test_nothing_is_lost_without_brackets() -> None:
    prompt = "any text: with, punctuation; B and\nlines "
    assert parse(prompt) == [[Span(prompt)]]


@pytest.mark.parametrize(
    "prompt", ["(" * 6000, "[(" * 3000, "(" * 3000 + ")" * 3000, "(a" * 1500 + ")" * 1500, ")" * 6000]
)
def test_nesting_without_end_is_no_danger(prompt: str) -> None:
    assert len(parse(prompt)) == 1


@pytest.mark.parametrize("prompt", [f"(a:{'9' * 400})", "(" * 900 + "a" + ")" * 900, f"((a:{'9' * 400}):{'9' * 400})"])
def test_no_word_weighs_more_than_can_be_reckoned_with(prompt: str) -> None:
    assert rounded(prompt) == [[("a", HEAVIEST)]]


def test_brackets_of_two_kinds_that_cross() -> None:
    assert rounded("(a [b) c]") == [[("a [b", 1.1), (" c]", 1)]]


@pytest.mark.parametrize(
    "nested",
    [
        lambda n: "(" * n + "a" + ")" * n,
        lambda n: "(" * n + "]" * n,
        lambda n: "[(" * n + "])" * n,
        lambda n: "(a" * n,
        lambda n: "a)" * n,
        lambda n: "(a:1.1) " * n,
        lambda n: "BREAK " * n,
    ],
)
def test_ten_times_the_text_is_ten_times_the_work(nested: Callable[[int], str]) -> None:
    parse(nested(2))
    assert instructions(lambda: parse(nested(500))) <= 12 * instructions(lambda: parse(nested(50)))
