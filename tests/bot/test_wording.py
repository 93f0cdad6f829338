from dataclasses import replace

import pytest

from bot import flags, trials
from bot.wording import escaped, styled
from generation.settings import GenerationSettings, Sampler


@pytest.mark.parametrize(
    ("text", "style", "together"),
    [
        ("a fox", "film noir", "a fox, film noir"),
        ("a fox --cfg 4", "noir of {prompt} --cfg 3 --ar 3:2", "noir of a fox --cfg 3 --ar 3:2 --cfg 4"),
        ("a fox", "--steps 9", "a fox --steps 9"),
    ],
)
def test_a_style_goes_around_the_words_and_under_the_flags(text: str, style: str, together: str) -> None:
    assert styled(text, style) == together


def test_the_later_of_two_flags_counts_and_a_size_is_an_aspect() -> None:
    assert flags.read("a fox --cfg 3 --cfg 4").chosen.guidance_scale == 4
    both = flags.read("a fox --size 512x768 --ar 3:2")
    assert (both.aspect, both.chosen.width) == ((3, 2), None)
    assert flags.read("a fox --ar 3:2 --size 512x768").aspect is None


def test_a_finished_prompt_is_not_taken_apart_again() -> None:
    assert escaped("a {red, blue} fox") == r"a \{red, blue\} fox"


def test_other_settings_stay_in_bounds_and_differ() -> None:
    settings = GenerationSettings(prompt="a", seed=1, model="m", width=64, height=64, steps=25, guidance_scale=20.0)
    assert [each.steps for each in trials.other_steps(settings, 40)] == [12, 38, 40]
    assert [each.guidance_scale for each in trials.other_guidance(settings)] == [12, 30]
    assert settings.sampler not in [each.sampler for each in trials.other_samplers(settings)]
    assert trials.other_steps(replace(settings, steps=1), 1) == []
    assert len(trials.other_samplers(replace(settings, sampler=Sampler.EULER))) == 3
