"""What somebody types costs in proportion to its length: one text cannot hold up the bot.

Python's own instructions are counted, which no load of the machine changes. A regex counts none, so the time of each
parser is bounded as well, for the longest text and far above what it takes; a quadratic one takes longer than that.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.locales.plain import plain
from bot.policy import blocked_words
from bot.prompts import flags, permutations, presets
from bot.views import custom_ids, pages
from bot.views.text import shown
from generation import comparison, infotext, loras, prompt_syntax
from generation.comparison import Parameter
from generation.errors import UserError
from generation.loras import Loras, LoraSpec
from generation.prompts import choices
from generation.prompts.choices import Template
from generation.prompts.parts import PartedPrompt
from generation.prompts.steps import StepPrompt
from generation.settings import PROMPT_LENGTH
from tests.generation.work import instructions, unobserved

LONGEST_MESSAGE = 4000
"""Characters that a field of a form holds, and more than any option but the prompt."""

SECONDS = 0.02
"""The longest allowed text costs at most so much."""

SLOWER = 10
"""How many times slower a busy machine may be."""

OWN = Loras([LoraSpec("ink", Path("ink.safetensors"), "in ink")])

BLOCKED = (*(f"word{n}*" for n in range(250)), *(f"two words{n}" for n in range(250)))

PIECES = [
    *(" ", "\t", "\n", "a", "é", "1", "_", "-", ":", ",", ".", '"', "\\", "*", "`", "{", "}", "(", "[", "<", ")", "]"),
    *("a b ", "a. ", "a_", "_ ", "a, ", "a: ", "a: b,", 'a: "', 'a: "\\",', "1,", "1x", "ﷺ", "\u200b", "\r\n", "1. "),
    *("--a ", "--ar 1:1 ", "--seed 7 ", "--no ", "--style a ", "--lora ", "--lora x:1,", "--lora  ", "—ar ", "--"),
    *("--steps=5 ", "--ar3:2 ", "--ar=", "=", "= ", "--q", "—ar3", "--stpes "),
    *("{a}", "{a,", "{},", "}{", "\\{", "<lora:", "<lora:a:", "<lora:a:1>", "(a:1.1) ", "[(", "BREAK ", "@here"),
    *("[a](", "http://a", "<@1>", "noisefox:", "noisefox-try:", "recent:"),
    *("|", "{a|", "[a|", "|b]", "[a:b:0.5]", "2$$", "__a__", "__a", " AND ", "<left:", "<0,0,1,1:"),
]
"""What worst cases are made of, over and over."""

PARSERS: dict[str, tuple[Callable[[str], object], int]] = {
    "prompt": (prompt_syntax.parse, PROMPT_LENGTH.high),
    "flags": (flags.read, PROMPT_LENGTH.high),
    "words and flags": (flags.split, PROMPT_LENGTH.high),
    "style's flag": (flags.take_style, PROMPT_LENGTH.high),
    "negative flag": (flags.names_negative, PROMPT_LENGTH.high),
    "permutations": (permutations.expand, PROMPT_LENGTH.high),
    "unpaired braces": (permutations.has_unpaired, PROMPT_LENGTH.high),
    "forty permutations": (
        lambda text: permutations.expand(f"{{{','.join(map(str, range(40)))}}}{text}"),
        PROMPT_LENGTH.high,
    ),
    "style": (lambda text: presets.styled(text, text[:1000]), PROMPT_LENGTH.high),
    "suffix": (lambda text: presets.with_suffix(text, text[-500:]), PROMPT_LENGTH.high),
    "recent prompt": (choices.escaped, PROMPT_LENGTH.high),
    "random choices": (lambda text: Template(text).drawn(7, {"a": ["a"]}), PROMPT_LENGTH.high),
    "switches between steps": (lambda text: StepPrompt(text).at(1, 4), PROMPT_LENGTH.high),
    "parts and regions": (PartedPrompt, PROMPT_LENGTH.high),
    "LoRAs": (loras.read, PROMPT_LENGTH.high),
    "trigger words": (lambda text: OWN.with_words(text, "pocket"), PROMPT_LENGTH.high),
    "LoRAs as one types": (lambda text: OWN.completions(text, "pocket"), PROMPT_LENGTH.high),
    "metadata": (lambda text: infotext.from_infotext(f"a\n{text}"), infotext.LONGEST - 2),
    "upscale in metadata": (lambda text: infotext.with_upscale(text, "lanczos", 2), infotext.LONGEST),
    "blocked words": (partial(blocked_words.blocked_in, BLOCKED), PROMPT_LENGTH.high),
    "list of blocked words": (blocked_words.read, LONGEST_MESSAGE),
    "values of seeds": (partial(comparison.read, Parameter.SEED), PROMPT_LENGTH.high),
    "values of models": (partial(comparison.read, Parameter.MODEL), PROMPT_LENGTH.high),
    "values of sizes": (partial(comparison.read, Parameter.SIZE), PROMPT_LENGTH.high),
    "custom id": (custom_ids.TEMPLATE.fullmatch, PROMPT_LENGTH.high),
    "custom id of a comparison": (custom_ids.COMPARE.fullmatch, PROMPT_LENGTH.high),
    "custom id of a page": (pages.TURN.fullmatch, PROMPT_LENGTH.high),
    "plain text": (plain, PROMPT_LENGTH.high),
    "a line": (lambda text: shown(text, PROMPT_LENGTH.high), PROMPT_LENGTH.high),
}


def worst_cases(length: int) -> list[str]:
    """Texts of one piece over and over, and of one piece that is followed by what does not fit it."""
    texts = [(piece * length)[:length] for piece in PIECES]
    return [*texts, *(f"{text[:-1]}:" for text in texts), *(f"--lora {text[8:]}<" for text in texts)]


def attempt(parse: Callable[[str], object], text: str) -> None:
    """Parse a text that may be refused."""
    try:
        parse(text)
    except UserError:
        return


@pytest.mark.parametrize("name", PARSERS)
def test_ten_times_the_text_is_ten_times_the_work(name: str) -> None:
    parse, longest = PARSERS[name]
    attempt(parse, "a")
    for short, long in zip(worst_cases(60), worst_cases(600), strict=True):
        most = 12 * instructions(partial(attempt, parse, short)) + 200
        assert instructions(partial(attempt, parse, long)) <= most, long[:40]
    assert longest >= 600


@pytest.mark.parametrize("name", PARSERS)
def test_the_longest_text_is_read_at_once(name: str) -> None:
    parse, longest = PARSERS[name]
    for text in worst_cases(longest):
        with unobserved():
            start = time.process_time()
            attempt(parse, text)
            taken = time.process_time() - start
        assert taken <= SECONDS * SLOWER, text[:40]
