from time import thread_time

import pytest

from bot.policy import blocked_words, spelling
from generation.settings import GenerationSettings
from tests.generation.work import unobserved


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
        ("naked", "n a k e d"),
        ("naked", "n  a \n k\te   d"),
        ("naked", "n.a.k.e.d"),
        ("naked", "n . . a - - k__e 🦊 d"),
        ("naked", "n a.k e-d"),
        ("naked", "a picture of n a k e d a girl"),
        ("naked", "I n a k e d y"),
        ("naked", "n\N{ZERO WIDTH SPACE}a\N{ZERO WIDTH NON-JOINER}k\N{WORD JOINER}ed"),
        ("naked", "n\N{CYRILLIC SMALL LETTER A}k\N{CYRILLIC SMALL LETTER IE}d"),
        ("naked", "\N{GREEK CAPITAL LETTER NU}\N{CYRILLIC CAPITAL LETTER A}KED"),
        ("hot", "\N{CYRILLIC CAPITAL LETTER EN}O\N{CYRILLIC CAPITAL LETTER TE}"),
        ("naked", "n\N{LATIN SMALL LETTER ALPHA}ked"),
        ("naked", "ɴᴀᴋᴇᴅ"),
        ("naked", "🅝🅐🅚🅔🅓 🇳🇦🇰🇪🇩"),
        ("naked", "n4k3d, n4ked"),
        ("hell", "he11, he|l"),
        ("shit", "sh!t, 5h1t!"),
        ("ass", "@ss!"),
        ("n\N{CYRILLIC SMALL LETTER A}ked", "naked"),
        ("ТОМ", "Tom, том, ТОМ"),
        ("naked", "2 n a k e d girls"),
        ("naked", "n a k e d 2"),
        ("naked", "x n a k e d girl"),
        ("naked", "n a k e d a r e a"),
        ("naked", "a na ked girl"),
        ("naked", "n a ked"),
        ("naked", "nake d"),
        ("naked", "na-ked, n4-k3d"),
        ("naked", "n@ ked"),
        ("naked*", "na kedness"),
        ("ass", "2 a s s"),
        ("nude photo", "n u d e photo"),
        ("nude photo", "n u d e p h o t o"),
        ("nude photo", "a nude pho to"),
        ("nude", "2 n u d e girls"),
        ("bloodbath", "a blo odbath"),
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
        ("ass", "g r a s s, g-r-a-s-s and gr\N{CYRILLIC SMALL LETTER A}ss"),
        ("naked", "n a k e, a k e d and a naked1 b"),
        ("us", "a U.S.A. flag"),
        ("ass", "a $5 bill"),
        ("pot", "рот"),
    ],
)
def test_parts_of_other_words_are_not(blocked: str, prompt: str) -> None:
    assert blocked_words.blocked_in((blocked,), prompt) is None


HARMLESS = [
    "green grass beside a brass band, in bass and treble",
    "a pen is on the table, and a hero in armor",
    "an us flag for us all, as sass in a class of an a cappella choir",
    "the rapist's therapist is a cocktail glass",
    "get the dog to get her home",
    "an a ked",
    "it's hit by lightning, he's hitting, the U.S. hit",
    "g r a p e s and v a p o r w a v e",
    "a ss, as s",
    "un pez en el mar, por no ser de la luna, se va la nave",
    "a plan. K, Ed! na, ked",
    "art in (na) style, ked",
    "who re-reads a blue book, at an all time low",
    "vitamin C and D, a T rex, an X wing, plan B, 3 D render, f 1 4 lens",
    "DVD, HD, 4k, 8 k, uhd, hdr, by wlop, s m l xl sizes",
]


@pytest.mark.parametrize("prompt", HARMLESS)
def test_harmless_prompts_pass(prompt: str) -> None:
    blocked = "naked", "nude", "ass", "shit", "rape", "penis", "heroin", "anus", "anal", "together", "assassin", "porno"
    assert blocked_words.blocked_in((*blocked, "whore", "semen", "nude photo"), prompt) is None


def test_nothing_is_blocked_where_nothing_is_named() -> None:
    assert blocked_words.blocked_in((), "an ass") is None


def test_a_long_list_takes_no_time() -> None:
    """Forty prompts of one command, against as many words as fit an admin's command."""
    blocked = [f"w{number}" for number in range(800)]
    began = thread_time()
    assert [blocked_words.blocked_in(blocked, f"a cute fox in the snow, {number}") for number in range(40)] == [
        None
    ] * 40
    assert thread_time() - began < 1


@pytest.mark.parametrize(
    ("prompt", "is_asked_for"),
    [
        ("Jane van Doe on a horse", True),
        ("jane  VAN doe's horse", True),
        ("van Doe, Jane", True),
        ("JaneVanDoe", True),
        ("j@ne van d0e", True),
        ("(jane) [van:doe:0.5]", True),
        ("j a n e v a n d o e", True),
        ("Jane and John van Doe", False),
        ("Jane van Doering", False),
        ("j a n e van doe", True),
        ("Doe, Jane van", True),
    ],
)
def test_named_people(prompt: str, is_asked_for: bool) -> None:
    settings = GenerationSettings(prompt, seed=1, model="pocket", width=64, height=64)
    asked_for = blocked_words.person_asked_for(["Somebody", "Jane van Doe"], settings)
    assert (asked_for == "Jane van Doe") is is_asked_for


@pytest.mark.parametrize("prompt", ["Aznar, José María", "María Aznar José", "josé maria aznar", "AznarJoseMaria"])
def test_names_of_three_words_are_found_with_the_last_name_first(prompt: str) -> None:
    settings = GenerationSettings(prompt, seed=1, model="pocket", width=64, height=64)
    assert blocked_words.person_asked_for(["José María Aznar"], settings) == "José María Aznar"


PIECES = [
    "a ",
    "a.",
    "a",
    "a. ",
    ". ",
    "[a:b:0.5]",
    ":1",
    ": ",
    "\N{CYRILLIC SMALL LETTER A} ",
    "!",
    "n ",
    "na ke ",
    "[n|",
    "(n|a)",
]


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_prompt_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        with unobserved():
            began = thread_time()
            blocked_words.blocked_in(["naked", "two words", "gore*", "c++"], text + spelling.without_syntax(text))
            return thread_time() - began

    assert min(seconds(60_000 + each) for each in range(2)) < 40 * min(seconds(6_000 + each) for each in range(3))


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
        ("[a:ss:0.5] boat", "", True),
        ("[as:s:.5]", "", True),
        ("[as|s] boat", "", True),
        ("[a|x]ss", "", True),
        ("[x|(a:1.2)]s[y|s]", "", True),
        ("[a:x:0.5]ss", "", True),
        ("(as:1.2)[s] boat", "", True),
        ("(a)(s)(s)", "", True),
        ("((a) (s) (s):1.3)", "", True),
        ("gr(ass:1.2) [gr:ass:0.5] in (b)(ass)", "", True),
        ("gr[a]ss and b[a:ss:0.5]", "", False),
        ("a boat", "(as:-1)(s:-2)", True),
        ("a boat", "ass, blur", False),
        ("a boat", "(ass:1.4)", False),
    ],
)
def test_as_the_model_hears_it(prompt: str, negative: str, asked_for: bool) -> None:
    settings = GenerationSettings(prompt, seed=1, model="pocket", width=64, height=64, negative_prompt=negative)
    assert (blocked_words.asked_for(["ass"], settings) == "ass") is asked_for


@pytest.mark.parametrize(
    "prompt", ["[a|b|c|d|e|f|g|h|na]ked", "[x:na:0.5]ked", "a fox AND a naked cat", "<left: a naked fox>"]
)
def test_what_a_prompt_says_in_any_step_or_part_is_read(prompt: str) -> None:
    fox = GenerationSettings(prompt, seed=1, model="pocket", width=64, height=64, steps=20)
    assert blocked_words.asked_for(["naked"], fox) == "naked"
