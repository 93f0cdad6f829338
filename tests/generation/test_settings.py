from dataclasses import replace
from typing import Any

import pytest

from generation.errors import InvalidSetting, LimitExceeded
from generation.settings import GenerationSettings, Limits, PartialSettings, Sampler

APPLE = GenerationSettings(prompt="a red apple", seed=7, model="pocket", width=128, height=128)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prompt": " \n"}, "The prompt is empty"),
        ({"prompt": "\u200b \u202e\u2800"}, "The prompt is empty"),
        ({"prompt": "x" * 6001}, "The prompt is 6001 characters long. The maximum is 6000"),
        ({"prompt": "x BREAK " * 21}, "The prompt has 21 BREAKs. The maximum is 20"),
        ({"negative_prompt": "x" * 6001}, "The negative prompt is 6001 characters long"),
        ({"steps": 0}, "Steps must be between 1 and 150, not 0"),
        ({"guidance_scale": 0.5}, "Guidance scale must be between 1 and 30, not 0.5"),
        ({"guidance_scale": float("nan")}, "Guidance scale must be between 1 and 30, not nan"),
        ({"style_scale": 2.0}, "Style weight must be between 0 and 1, not 2"),
        ({"control_scale": 3.0}, "Control weight must be between 0 and 2, not 3"),
        ({"seed": 2**32}, "Seed must be between 0 and 4294967295, not 4294967296"),
        ({"seed": -1}, "Seed must be between 0"),
        ({"width": 100}, "Width must be a multiple of 8, not 100"),
        ({"height": 4096}, "Height must be between 64 and 2048, not 4096"),
        ({"clip_skip": 0}, "Clip skip must be between 1 and 12, not 0"),
        ({"count": 5}, "Count must be between 1 and 4, not 5"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        replace(APPLE, **changes)
    assert sentence in str(refusal.value)
    assert refusal.value.field == next(iter(changes))


def test_seeds_of_a_request_wrap_around() -> None:
    last = replace(APPLE, seed=2**32 - 1, count=2)
    assert [last.of_picture(i).seed for i in range(2)] == [2**32 - 1, 0]
    assert last.of_picture(1).count == 1


def test_the_higher_layer_wins_where_both_speak() -> None:
    merged = PartialSettings(steps=5).over(PartialSettings(steps=9, sampler=Sampler.DDIM))
    assert merged.given() == {"steps": 5, "sampler": Sampler.DDIM}
    with pytest.raises(InvalidSetting):
        PartialSettings(steps=1000)


def test_of_two_limits_the_tighter_holds() -> None:
    limits = Limits(steps=50, side=512, count=4).tightened_by(Limits(steps=80, side=256))
    assert limits == Limits(steps=50, side=256, count=4)


@pytest.mark.parametrize(
    ("changes", "unfinished", "sentence"),
    [
        ({"steps": 51}, 0, "At most 50 steps are allowed here, not 51"),
        ({"height": 264}, 0, "at most 256 pixels wide and high, not 264"),
        ({"count": 3}, 0, "3 pictures at once are too many. The maximum here is 2"),
        ({}, 3, "You already have 3 requests waiting, and 3 is the maximum here"),
    ],
)
def test_limits_refuse_with_a_sentence(changes: dict[str, Any], unfinished: int, sentence: str) -> None:
    limits = Limits(steps=50, side=256, count=2, waiting=3)

    def ask(settings: GenerationSettings, unfinished: int) -> None:
        limits.check(settings)
        limits.check_waiting(unfinished)

    ask(APPLE, 2)
    with pytest.raises(LimitExceeded, match=sentence):
        ask(replace(APPLE, **changes), unfinished)


def test_defaults_are_lowered_to_the_limits_and_nothing_is_made_up() -> None:
    lowered = Limits(steps=20, side=100).lower(PartialSettings(steps=25, width=128, count=3))
    assert lowered == PartialSettings(steps=20, width=96, count=3)
