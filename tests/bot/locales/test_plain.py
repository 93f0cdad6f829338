import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.locales.plain import in_code, plain

PIECES = [
    "[a](b) [Free Nitro](https://evil.example) (c)", "https://a.example/x_y", "**", "*", "__", "~~", "||", "`", "```",
    "\\", "[", "](", ")", "<@1>", "<@!1>", "<@&2>", "<#3>", "<t:0:R>", "<:fox:4>", "<a:fox:4>", "</draw:5>",
    "<id:home>", "@everyone", "@here", "# ", "## ", "-# ", "> ", ">>> ", "- ", "+ ", "1. ", "2) ", ":fox:",
    "<https://b.example>", "discord://x", "\n", "\r", "\r\n", "  ", "\t", "\u00a0", "a", "é", "word", ": ", "3:2",
]  # fmt: skip

typed = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)

_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")

_LIVE = re.compile(
    r"[\\*_~|`\[\]<#]|^[^\S\r\n]*(?:[>+-]|\d+[.)])|:\S|@(?:everyone|here|[!&]?\d)", re.MULTILINE | re.IGNORECASE
)
"""What Discord formats, links or pings, except behind a backslash."""

_UNSEEN = re.compile("[\u200b\u202a-\u202e\u2066-\u2069]")


@settings(max_examples=60, deadline=None)
@given(typed)
def test_nothing_that_somebody_types_is_formatted(text: str) -> None:
    lines = plain(text).replace("\r\n", "\n").replace("\r", "\n")
    assert not _LIVE.search(_ESCAPED.sub("x", lines))


@settings(max_examples=60, deadline=None)
@given(typed)
def test_nothing_that_somebody_types_is_lost(text: str) -> None:
    text = _UNSEEN.sub("", text)
    assert _ESCAPED.sub(lambda pair: pair[0][1], plain(text)).replace("\u200b", "") == text


@settings(max_examples=60, deadline=None)
@given(typed, st.integers(0, 40))
def test_a_cut_never_falls_between_a_mark_and_its_backslash(text: str, most: int) -> None:
    cut = plain(text, most)
    assert len(cut) <= most
    assert "\\" not in _ESCAPED.sub("", cut)


def test_a_second_link_is_as_dead_as_the_first() -> None:
    dead = r"\[a\](b) \[Free Nitro\](https\://evil.example) (c)"
    assert plain("[a](b) [Free Nitro](https://evil.example) (c)") == dead


def test_stars_behind_an_address_are_stars() -> None:
    assert plain("see https://a.example/x**bold**").endswith(r"x\*\*bold\*\*")


@pytest.mark.parametrize("turning", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_nothing_turns_the_text_around_it(turning: str) -> None:
    assert plain(f"a{turning}fox") == in_code(f"a{turning}fox") == "afox"


@pytest.mark.parametrize("text", ["שועל", "ثعلب في الثلج", "fox שועל\u200f fox\u200e", "نیم\u200cفاصله"])
def test_letters_that_run_from_right_to_left_stay(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("text", ["a fox, in snow (at night)", "16:9 is wide"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert plain(text).replace("\\", "") == text
