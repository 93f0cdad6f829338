from dataclasses import replace

import pytest

from generation.infotext import Drawn, NoInfotext, from_infotext, to_infotext, with_upscale
from generation.settings import GenerationSettings, Sampler, Schedule

APPLE = GenerationSettings(
    prompt="a red apple", seed=7, model="pocket", width=128, height=96, clip_skip=2, sampler=Sampler.EULER_ANCESTRAL
)
DRAWN = Drawn("0123456789", "noisefox 0")


def test_the_form_that_other_tools_read() -> None:
    text = to_infotext(replace(APPLE, negative_prompt="leaf", guidance_scale=7.5), DRAWN)
    assert text == (
        "a red apple\nNegative prompt: leaf\nSteps: 25, Sampler: Euler a, CFG scale: 7.5, Seed: 7, Size: 128x96, "
        "Model hash: 0123456789, Model: pocket, Clip skip: 2, Version: noisefox 0"
    )


@pytest.mark.parametrize(
    "settings",
    [
        APPLE,
        replace(APPLE, prompt='a "red": apple,\nwith a leaf', negative_prompt="Steps: 3, no\nSeed: 8"),
        replace(APPLE, model='odd, "name": x\\y'),
        replace(APPLE, prompt="Negative prompt: x"),
        replace(APPLE, prompt="日本語 🦊"),
        replace(APPLE, variation_seed=9, variation_strength=0.25, seed_width=64, seed_height=96),
        replace(
            APPLE,
            sampler=Sampler.EULER,
            schedule=Schedule.KARRAS,
            guidance_rescale=0.7,
            guidance_start=0.1,
            guidance_end=0.8,
        ),
        replace(APPLE, hires_factor=1.5, hires_strength=0.4),
    ],
    ids=lambda settings: settings.prompt[:12],
)
def test_there_and_back(settings: GenerationSettings) -> None:
    assert from_infotext(to_infotext(settings, DRAWN)) == settings


def test_the_text_that_another_tool_wrote() -> None:
    last = 'Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 512x512, Model: x, Lora hashes: "a: b, c: d"'
    assert from_infotext("a fox\n" + last).seed == 5


@pytest.mark.parametrize(("sampler", "schedule"), [(each, kind) for each in Sampler for kind in each.schedules])
def test_every_sampler_and_schedule_there_and_back(sampler: Sampler, schedule: Schedule) -> None:
    settings = replace(APPLE, sampler=sampler, schedule=schedule)
    text = to_infotext(settings, DRAWN)
    assert (f"Schedule type: {schedule}, " in text) == (schedule is not Schedule.SAMPLER)
    assert from_infotext(text) == settings


@pytest.mark.parametrize(
    ("written", "sampler", "schedule"),
    [
        ("DPM++ 3M SDE, Schedule type: SGM Uniform", Sampler.DPMPP_3M_SDE, Schedule.SGM_UNIFORM),
        ("DPM++ 2M, Schedule type: KL Optimal", Sampler.DPMPP_2M, Schedule.KL_OPTIMAL),
        ("Euler a, Schedule type: Normal", Sampler.EULER_ANCESTRAL, Schedule.NORMAL),
        ("Heun, Schedule type: Simple", Sampler.HEUN, Schedule.SIMPLE),
        ("DPM++ 3M SDE Exponential", Sampler.DPMPP_3M_SDE, Schedule.EXPONENTIAL),
        ("DPM++ 2M SDE Exponential", Sampler.DPMPP_2M_SDE_KARRAS, Schedule.EXPONENTIAL),
        ("DPM++ SDE, Schedule type: Beta", Sampler.DPMPP_SDE_KARRAS, Schedule.BETA),
    ],
)
def test_the_names_that_a1111_writes(written: str, sampler: Sampler, schedule: Schedule) -> None:
    settings = from_infotext(f"a fox\nSteps: 20, Sampler: {written}, CFG scale: 7, Seed: 5, Size: 512x512, Model: x")
    assert (settings.sampler, settings.schedule) == (sampler, schedule)


@pytest.mark.parametrize("text", ["", "a fox", "Steps: many, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 1x1"])
def test_text_that_is_no_settings(text: str) -> None:
    with pytest.raises(NoInfotext):
        from_infotext(text)


def test_an_upscale_is_told_once_and_the_settings_stay() -> None:
    text = to_infotext(replace(APPLE, negative_prompt="leaf, green"), DRAWN)
    twice = with_upscale(with_upscale(text, "Real-ESRGAN, odd", 2), "Lanczos", 4)
    assert "Postprocess upscale by: 4, Postprocess upscaler: Lanczos, Version: " in twice
    assert twice.count("Postprocess") == 2
    assert from_infotext(twice) == from_infotext(text)
    assert with_upscale("a photo, taken: yesterday", "Lanczos", 2) == "a photo, taken: yesterday"
    assert with_upscale("", "Lanczos", 2) == ""


def test_metadata_of_any_length_is_not_read() -> None:
    with pytest.raises(NoInfotext, match="longer than 20,000 characters"):
        from_infotext("a fox\n" + "Steps: 20, " * 2000)
