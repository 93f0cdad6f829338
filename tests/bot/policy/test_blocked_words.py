from time import perf_counter

import pytest

from bot.policy import blocked_words
from generation.settings import GenerationSettings


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
        ("ass", "\N{MATHEMATICAL BOLD CAPITAL A}SS"),
        ("ass", "a\N{ZERO WIDTH SPACE}s\N{ZERO WIDTH JOINER}s"),
        ("ass", "a\N{COMBINING GRAPHEME JOINER}s\N{SOFT HYPHEN}s\N{VARIATION SELECTOR-16}"),
        ("ass", "a\N{HANGUL FILLER}ss"),
        ("a\N{ZERO WIDTH SPACE}ss", "ass"),
        ("ass", "a\N{COMBINING ACUTE ACCENT}ss"),
        ("ass", "big_ass, ass_up"),
        ("fox", "a f.o.x"),
        ("fox", "a f-o_x!"),
        ("fox", "F . O . X"),
        ("fox", "the f o x"),
        ("fox", "a f o x runs"),
        ("fox", "a f\N{FOX FACE}o\N{FOX FACE}x"),
        ("ass", "an a.s.s"),
        ("ass", "@.$.$"),
        ("gore*", "g.o.r.e.f.e.s.t"),
    ],
)
def test_blocked(blocked: str, prompt: str) -> None:
    assert blocked_words.blocked_in(("nothing", blocked), prompt) == blocked


@pytest.mark.parametrize(
    ("blocked", "prompt"),
    [
        ("ass", "green grass"),
        ("ass", "assemble"),
        ("ass", "g.r.a.s.s and b a s s"),
        ("ass", "gra\N{ZERO WIDTH SPACE}ss"),
        ("ass", "as super, a ss"),
        ("hell", "he'll come"),
        ("fox", "f. oxen"),
        ("us", "a U.S. flag"),
        ("red apple", "apple red"),
        ("gore", "gorefest"),
    ],
)
def test_parts_of_other_words_are_not(blocked: str, prompt: str) -> None:
    assert blocked_words.blocked_in((blocked,), prompt) is None


def test_nothing_is_blocked_where_nothing_is_named() -> None:
    assert blocked_words.blocked_in((), "an ass") is None


def test_a_long_list_takes_no_time() -> None:
    """Forty prompts of one command, against as many words as fit an admin's command."""
    blocked = [f"w{number}" for number in range(800)]
    began = perf_counter()
    assert [blocked_words.blocked_in(blocked, f"a cute fox in the snow, {number}") for number in range(40)] == [
        None
    ] * 40
    assert perf_counter() - began < 1


def test_as_an_admin_types_them() -> None:
    assert blocked_words.read(" gore,two  words\nGore*, *,,gore") == ("gore", "two words", "Gore*")
    assert blocked_words.read("gore, \N{ZERO WIDTH SPACE}, \N{COMBINING ACUTE ACCENT}*") == ("gore",)


@pytest.mark.parametrize(
    ("prompt", "negative", "asked_for"),
    [
        ("a()ss", "", True),
        ("a[]ss", "", True),
        ("(as)(s:1.1)", "", True),
        ("a<lora:soft:0.5>ss", "", True),
        ("<lora:ass:0.5> a boat", "", True),
        ("a (ass:-1) boat", "", True),
        ("a boat", "(ass:-1), blur", True),
        ("a boat", "ass, blur", False),
        ("a boat", "(ass:1.4)", False),
    ],
)
def test_as_the_model_hears_it(prompt: str, negative: str, asked_for: bool) -> None:
    settings = GenerationSettings(prompt, seed=1, model="pocket", width=64, height=64, negative_prompt=negative)
    assert (blocked_words.asked_for(["ass"], settings) == "ass") is asked_for
