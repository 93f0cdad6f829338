"""The remix form: sent back unchanged, it asks for the same picture."""

import itertools
from typing import Any

import pytest

from bot.interactions import remix_modal
from bot.prompts import flags
from generation.abilities import STABLE_DIFFUSION
from generation.sentences import Sentence
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule

SETTINGS = GenerationSettings(prompt="a fox", seed=7, model="m", width=512, height=768)


def returned(settings: GenerationSettings) -> remix_modal.RemixInput:
    """The values of the form, sent back unchanged."""
    fields: dict[str, Any] = {}
    for label in remix_modal.panel("noisefox:remix:1:0", Sentence("Remix"), settings, STABLE_DIFFUSION).to_dict()[
        "components"
    ]:
        field = label["component"]
        chosen = [option["value"] for option in field.get("options", []) if option.get("default")]
        fields[field["custom_id"]] = chosen or field.get("value", "")
    return remix_modal.read(fields)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        GenerationSettings(
            prompt="a fox",
            seed=2**32 - 1,
            model="m",
            width=64,
            height=128,
            negative_prompt="{red|blue}, __gone__",
            steps=7,
            guidance_scale=4.25,
            sampler=Sampler.HEUN,
            clip_skip=2,
            count=3,
            variation_seed=2**32 - 1,
            variation_strength=0.35,
            seed_width=256,
            seed_height=320,
            schedule=Schedule.EXPONENTIAL,
            guidance_rescale=0.7,
            guidance_start=0.1,
            guidance_end=0.8,
            denoising_strength=0.4,
            hires_factor=2.0,
            hires_strength=0.3,
            control_scale=0.6,
            image_prompt_scale=0.2,
        ),
        GenerationSettings(prompt=" ".join(["word"] * 1200), seed=1, model="m", width=64, height=64),
        GenerationSettings(prompt="x" * 6000, seed=1, model="m", width=64, height=64),
        GenerationSettings(prompt="x" * 3990 + " " + "y" * 2009, seed=1, model="m", width=64, height=64),
    ],
)
def test_nothing_is_lost_on_the_way(settings: GenerationSettings) -> None:
    filled = returned(settings)
    typed = flags.read(filled.text)
    partial = filled.chosen.over(typed.chosen).over(PartialSettings(model="m"))
    assert typed.seed is not None
    assert partial.of(typed.prompt, typed.seed) == settings


def test_a_negative_prompt_that_no_field_holds_is_left_alone() -> None:
    settings = GenerationSettings(prompt="a", seed=1, model="m", width=64, height=64, negative_prompt="x " * 2500)
    assert returned(settings).chosen.negative_prompt is None


def test_an_emptied_field_clears_the_negative_prompt_unless_a_flag_names_one() -> None:
    assert remix_modal.read({"prompt": "a fox", "negative": ""}).chosen.negative_prompt == ""
    assert remix_modal.read({"prompt": "a fox —No hands", "negative": ""}).chosen.negative_prompt is None
    assert remix_modal.read({"prompt": "a fox", "negative": "", "flags": "--no hands"}).chosen.negative_prompt is None


def test_a_form_has_no_more_than_discord_takes() -> None:
    for length, negative in itertools.product((10, 4000, 4001, 6000), (0, 4000, 6000)):
        settings = GenerationSettings(
            prompt="x" * length, negative_prompt="y" * negative, seed=1, model="m", width=64, height=64
        )
        assert len(remix_modal.panel("id", Sentence("Remix"), settings, STABLE_DIFFUSION).children) <= 5
