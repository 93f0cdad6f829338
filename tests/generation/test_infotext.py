from dataclasses import replace

import pytest
import torch

from generation.errors import InvalidSetting
from generation.infotext import Drawn, NoInfotext, found_in, from_infotext, to_infotext, with_upscale
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
        replace(APPLE, prompt="a [fox:wolf:0.4] AND snow", tile=True),
        replace(APPLE, prompt="a cat face", faces=True),
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


LAST = "Steps: 20, Sampler: {}, CFG scale: 7, Seed: {}, Size: 512x768, Model: x, Clip skip: 2, Version: v1.10.1"


def test_the_sampler_and_schedule_of_a1111_are_named_apart() -> None:
    settings = from_infotext("a fox\n" + LAST.format("DPM++ 2M SDE, Schedule type: Karras", 1))
    assert (settings.sampler, settings.schedule) == (Sampler.DPMPP_2M_SDE_KARRAS, Schedule.KARRAS)


def test_an_empty_prompt_has_no_line() -> None:
    found = found_in("Negative prompt: ugly, blurry\n" + LAST.format("Euler a", 1))
    assert (found.prompt, found.others.negative_prompt, found.seed) == ("", "ugly, blurry", 1)
    with pytest.raises(InvalidSetting, match="prompt is empty"):
        found.complete()
    bare = found_in(LAST.format("Euler a", 1))
    assert (bare.prompt, bare.others.negative_prompt) == ("", "")


@pytest.mark.parametrize("prompt", ["Negative prompt: x", "Negative prompt:"])
@pytest.mark.parametrize("negative", ["", "y"])
def test_a_prompt_that_begins_like_a_negative_one_is_a_prompt(prompt: str, negative: str) -> None:
    settings = replace(APPLE, prompt=prompt, negative_prompt=negative)
    assert from_infotext(to_infotext(settings, DRAWN)) == settings


def test_lines_behind_the_settings_are_kept_apart() -> None:
    behind = "\nTemplate: a {fox|cat}, Steps: many\nNegative Template: bad"
    found = found_in("a fox\nNegative prompt: bad\n" + LAST.format("Euler a", 1) + behind)
    assert (found.prompt, found.others.negative_prompt, found.others.clip_skip) == ("a fox", "bad", 2)


@pytest.mark.parametrize(
    ("written", "factor", "changed"),
    [
        ("Denoising strength: 0.4, Hires upscale: 1.5, Hires steps: 10, Hires upscaler: Latent", 1.5, ""),
        ("Denoising strength: 0.4, Hires resize: 1024x1536, Hires upscaler: Latent", 2.0, ""),
        ("Denoising strength: 0.4, Hires upscale: 4", 2.66, "hires 4 → 2.66"),
    ],
)
def test_the_hires_of_a1111(written: str, factor: float, changed: str) -> None:
    found = found_in(f"a fox\n{LAST.format('Euler a', 1)}, {written}")
    assert (found.others.hires_factor, found.others.hires_strength, found.changed) == (factor, 0.4, changed)
    assert found.complete().denoising_strength == 0.75


@pytest.mark.parametrize("sampler", ["DPM2 a", "Restart, Schedule type: Align Your Steps", "DPM fast Karras"])
def test_an_unknown_sampler_is_replaced_and_told(sampler: str) -> None:
    found = found_in("a fox\nNegative prompt: bad\n" + LAST.format(sampler, 7))
    settings = found.complete()
    assert (settings.prompt, settings.seed, settings.width, settings.height) == ("a fox", 7, 512, 768)
    assert settings.sampler is Sampler.DPMPP_2M_KARRAS
    assert found.changed.startswith(f"sampler {sampler.split(',')[0]} → DPM++ 2M Karras")


def test_a_schedule_that_the_sampler_lacks_is_replaced_and_told() -> None:
    found = found_in("a fox\n" + LAST.format("Euler a, Schedule type: Karras", 7))
    assert found.complete().sampler is Sampler.EULER_ANCESTRAL
    assert found.changed == "schedule Karras → Automatic"


def test_a_seed_beyond_32_bits_gives_the_same_noise() -> None:
    seed = 2**40 + 5
    found = found_in("a fox\n" + LAST.format("Euler a", seed))
    assert (found.seed, found.changed) == (5, "")
    with_torch = [torch.randn(8, generator=torch.Generator("cpu").manual_seed(each)) for each in (seed, found.seed)]
    assert torch.equal(*with_torch)


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
