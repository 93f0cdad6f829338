from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Refusal
from bot.prompts import flags
from bot.prompts.presets import KEPT, PEOPLE, Presets, styled, with_suffix
from bot.prompts.style_book import Origin, StyleBook, shipped
from bot.requests import variations
from generation.prompts.choices import escaped
from generation.settings import GenerationSettings, Sampler
from storage import database
from storage.generations import Generations
from storage.people import People
from storage.records import Style
from tests.databases import save_empty


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Presets]:
    """Of people who keep nothing."""
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        yield Presets(styles=StyleBook(People(sessions)), generations=Generations(sessions))


@pytest.mark.parametrize(
    ("text", "style", "together"),
    [
        ("a fox", "film noir", "a fox, film noir"),
        ("a fox --cfg 4", "noir of {prompt} --cfg 3 --ar 3:2", "noir of a fox --cfg 3 --ar 3:2 --cfg 4"),
        ("a fox", "--steps 9", "a fox --steps 9"),
        ("a fox AND snow :0.5", "noir of {prompt}", "noir of a fox AND noir of snow :0.5"),
    ],
)
def test_a_style_goes_around_the_words_and_under_the_flags(text: str, style: str, together: str) -> None:
    assert styled(text, style) == together


@pytest.mark.parametrize(
    ("text", "suffix", "together"),
    [
        ("a fox", "soft light --steps 3", "a fox, soft light --steps 3"),
        ("a fox, soft light", "soft light --steps 3", "a fox, soft light --steps 3"),
        ("a fox, soft light --steps 2", "soft light --steps 3", "a fox, soft light --steps 3 --steps 2"),
        ("a fox", "--cfg 6", "a fox --cfg 6"),
        ("something pink", "ink", "something pink, ink"),
        ("a fox, (ink:1.2)", "(ink:1.2)", "a fox, (ink:1.2)"),
        ("a fox AND snow :0.5", "ink", "a fox, ink AND snow, ink :0.5"),
        ("a fox, ink AND snow, ink :0.5", "ink", "a fox, ink AND snow, ink :0.5"),
    ],
)
def test_a_suffix_follows_once_and_its_flags_always(text: str, suffix: str, together: str) -> None:
    assert with_suffix(text, suffix) == together


async def test_what_others_type_takes_nobodys_choices(bare: Presets) -> None:
    mine = [bare.suggestion(1, f"a {'long ' * 30}{number}")[1] for number in range(KEPT)]
    for number in range(KEPT + 1):
        other = bare.suggestion(2, f"another {'long ' * 30}{number}")[1]
    assert (await bare.text(1, mine[0], {})).endswith("long 0")
    assert (await bare.text(2, other, {})).endswith(f"long {KEPT}")
    with pytest.raises(Refusal, match="Type it again"):
        await bare.text(1, other, {})
    bare.suggestion(1, "a " + "long " * 30)
    with pytest.raises(Refusal, match="Type it again"):
        await bare.text(1, mine[0], {})
    for person in range(3, PEOPLE + 2):
        bare.suggestion(person, "a " + "long " * 30)
    with pytest.raises(Refusal, match="Type it again"):
        await bare.text(2, other, {})
    assert await bare.text(1, mine[1], {})


def test_the_later_of_two_flags_counts_and_a_size_is_an_aspect() -> None:
    assert flags.read("a fox --cfg 3 --cfg 4").chosen.guidance_scale == 4
    both = flags.read("a fox --size 512x768 --ar 3:2")
    assert (both.aspect, both.chosen.width) == ((3, 2), None)
    assert flags.read("a fox --ar 3:2 --size 512x768").aspect is None


def test_a_finished_prompt_is_not_taken_apart_again() -> None:
    assert escaped("a {red, blue} fox") == r"a \{red, blue\} fox"


def test_other_settings_stay_in_bounds_and_differ() -> None:
    settings = GenerationSettings(prompt="a", seed=1, model="m", width=64, height=64, steps=25, guidance_scale=20.0)
    assert [each.steps for each in variations.other_steps(settings, 40)] == [12, 38, 40]
    assert [each.guidance_scale for each in variations.other_guidance(settings)] == [12, 30]
    assert settings.sampler not in [each.sampler for each in variations.other_samplers(settings)]
    assert variations.other_steps(replace(settings, steps=1), 1) == []
    assert len(variations.other_samplers(replace(settings, sampler=Sampler.EULER))) == 3
    assert not variations.outpainted(replace(settings, tile=True), 2, (64, 128)).tile


async def test_an_own_style_outweighs_the_server_s_and_that_one_what_ships(tmp_path: Path) -> None:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        people = People(sessions)
        book, of_server = StyleBook(people), {"ink": "theirs", "noir": "theirs", "ours": "theirs"}
        await people.keep_style(1, Style("Noir", "mine"))
        offered = await book.offered(1, of_server)
        assert [(each.style.name, each.origin) for each in offered[:3]] == [
            ("Noir", Origin.OWN),
            ("ink", Origin.SERVER),
            ("ours", Origin.SERVER),
        ]
        assert len(offered) == 1 + 2 + len(shipped()) - 1
        for name, text in (("Noir", "mine"), ("NOIR", "mine"), ("INK", "theirs"), ("Anime", shipped()["anime"])):
            assert (found := await book.named(1, name, of_server))
            assert found.text == text
        assert await book.named(1, "gone", of_server) is None


@pytest.mark.parametrize("name", shipped())
def test_a_style_that_ships_is_words_around_the_prompt(name: str) -> None:
    assert "{prompt}" in shipped()[name]
    assert flags.read(styled("a fox", shipped()[name])).prompt.count("a fox") == 1


def test_a_dozen_styles_ship() -> None:
    assert len(shipped()) >= 12
