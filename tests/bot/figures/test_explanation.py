"""The figure and the animation of a drawing."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageSequence

from bot.figures.explanation import figure as drawn_figure
from bot.figures.explanation import for_chat, words_for
from bot.locales import addressing
from generation.explanation import Explanation, Fork, Moment
from generation.figures import explained
from generation.figures.blocks import MARGIN
from generation.pictures import Preview
from generation.settings import GenerationSettings


def content(red: int) -> Preview:
    return Preview(32, 48, bytes([red, 40, 90]) * (32 * 48), decoded=True)


def explanation(steps: int) -> Explanation:
    taken = sorted({number * steps // 15 for number in range(15)})
    moments = [Moment(step, 1 - step / steps, content(step), content(255 - step)) for step in taken]
    forks = [Fork(step, 0.5, content(0), content(step), content(255)) for step in taken[:3]]
    return Explanation(
        steps, Preview(4, 6, bytes(72)), (*moments, Moment(steps, 0.0, content(200), content(200))), tuple(forks)
    )


@pytest.fixture
def settings() -> GenerationSettings:
    return GenerationSettings(
        prompt="an apple", seed=7, model="pocket", width=64, height=96, steps=25, guidance_scale=5
    )


@pytest.mark.parametrize("steps", [1, 2, 5, 25, 150])
@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
def test_there_is_a_figure_and_an_animation_for_any_number_of_steps(
    settings: GenerationSettings, steps: int, locale: str
) -> None:
    with addressing(locale):
        *halves, (animation, webp) = for_chat(explanation(steps), settings)
        figure, png = drawn_figure(explanation(steps), settings)
    assert [png, webp] == ["png", "webp"]
    assert [Image.open(BytesIO(half)).width for half, _ in halves] == [960, 960]
    assert Image.open(BytesIO(figure)).width == 960 + 960 - MARGIN
    with Image.open(BytesIO(animation)) as moving:
        assert len(list(ImageSequence.Iterator(moving))) == min(steps, 15) + 1 <= 30


def test_the_figure_shows_eight_moments_from_the_noise_to_the_picture() -> None:
    steps = [moment.step for moment in explained.shown(explanation(25))]
    assert steps == [0, 3, 8, 11, 15, 18, 21, 25]
    assert [moment.step for moment in explained.shown(explanation(2))] == [0, 1, 2]


def test_it_shows_more_of_the_steps_in_which_the_noise_goes() -> None:
    late = explanation(25)
    moments = tuple(replace(each, noise=1 - (each.step / 25) ** 4) for each in late.moments)
    assert [each.step for each in explained.shown(replace(late, moments=moments))] == [0, 6, 13, 16, 20, 21, 23, 25]


def test_captions_are_in_the_readers_language_and_true_to_the_settings(settings: GenerationSettings) -> None:
    words = words_for(explanation(25), settings)
    assert words.title == "“an apple”"
    assert words.merged == "merged at guidance 5"
    assert words.moments == ["as a picture", *(f"after {step}" for step in (3, 8, 11, 15, 18, 21)), "the picture"]
    with addressing("es-419"):
        assert words_for(explanation(25), settings).merged == "unidas con guía 5"


def test_at_guidance_1_and_with_a_negative_prompt_it_says_so() -> None:
    settings = GenerationSettings(
        prompt="a fox", seed=7, model="pocket", width=64, height=64, guidance_scale=1, negative_prompt="hands"
    )
    words = words_for(explanation(25), settings)
    assert words.without == "with the negative prompt"
    assert "once" in words.forking_caption
    assert "for this figure only" in words.forking_caption
    assert (words.forking, words.merged) == ("What the prompt changes", "what the step takes")


def test_a_model_that_is_told_the_scale_is_not_said_to_predict_twice(settings: GenerationSettings) -> None:
    early, *others = explanation(25).forks
    told = replace(explanation(25), told=True, forks=(replace(early, guided=False), *others))
    words = words_for(told, settings)
    assert "says once" in words.forking_caption
    assert "told guidance 5" in words.forking_caption
    assert [words.with_prompt, words.merged] == ["told guidance 1", "told guidance 5"]
    assert "told guidance 1 here" in words.forks[0]
    said = " ".join([words.forking, words.forking_caption, words.difference_caption, words.merged, *words.forks])
    assert not any(each in said for each in ("twice", "Two", "merged"))


@pytest.mark.parametrize("prompt", ["狐の少女", "a 🦊"])
def test_a_prompt_that_the_font_cannot_write_is_left_out(settings: GenerationSettings, prompt: str) -> None:
    other = GenerationSettings(prompt=prompt, seed=7, model="pocket", width=64, height=64)
    assert words_for(explanation(25), other).title == "A drawing from the inside"


def test_a_long_prompt_is_cut(settings: GenerationSettings) -> None:
    long = GenerationSettings(prompt="an apple " * 40, seed=7, model="pocket", width=64, height=64)
    assert len(words_for(explanation(25), long).title) <= 63


def test_a_drawing_from_a_picture_begins_with_that_under_noise(settings: GenerationSettings) -> None:
    first, *others = explanation(25).moments
    begun = replace(explanation(25), moments=(replace(first, noise=0.4), *others), from_picture=True)
    words = words_for(begun, settings)
    assert words.noise == "start and noise"
    assert "picture to start from" in words.becoming_caption


def test_one_step_is_one_step(settings: GenerationSettings) -> None:
    words = words_for(explanation(1), replace(settings, steps=1))
    assert words.settings == "seed 7 · 64×96 · 1 step · guidance 5"
    assert words.steps[0] == "After 0 of 1 · 100 % noise"


def test_steps_that_are_not_guided_are_told_apart(settings: GenerationSettings) -> None:
    early, *others = explanation(25).forks
    in_part = replace(explanation(25), forks=(replace(early, guided=False), *others))
    said, *unmarked = words_for(in_part, replace(settings, guidance_start=0.2)).forks
    assert "not guided here" in said
    assert not any("not guided" in each for each in unmarked)
    plain = words_for(in_part, replace(settings, guidance_scale=1.0))
    assert not any("not guided" in each for each in plain.forks)


def test_rescale_and_refinement_are_named(settings: GenerationSettings) -> None:
    words = words_for(explanation(25), replace(settings, guidance_rescale=0.7, hires_factor=2.0))
    assert "Rescale then takes contrast back" in words.forking_caption
    assert "64×96 → 128×192" in words.settings
