"""What suits a model is said by name, and the rest is fitted to it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation import suitability
from generation.catalogue import POCKET
from generation.errors import Unsuitable
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from tests.generation.test_abilities import model


def settings(**changes: Any) -> GenerationSettings:
    plain: dict[str, Any] = {
        "prompt": "a fox",
        "seed": 1,
        "model": "it",
        "width": 512,
        "height": 512,
        "sampler": Sampler.OWN,
    }
    return GenerationSettings(**plain | changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"negative_prompt": "green"}, "it doesn't support a negative prompt. Remove it, or choose another model."),
        ({"guidance_scale": 3.0}, "it doesn't support guidance. Remove it, or choose another model."),
        ({"sampler": Sampler.DDIM}, "it can't use the sampler DDIM. Use one of: Model's own."),
        ({"clip_skip": 2}, "it doesn't support clip skip. Remove it, or choose another model."),
        ({"guidance_rescale": 0.5}, "it doesn't support guidance rescale. Remove it, or choose another model."),
        ({"guidance_end": 0.5}, "it doesn't support guidance in some steps. Remove it, or choose another model."),
        ({"hires_factor": 2.0}, "it doesn't support hires. Remove it, or choose another model."),
        ({"variation_strength": 0.1}, "it doesn't support variations. Remove them, or choose another model."),
        (
            {"sampler": Sampler.EULER, "schedule": Schedule.KARRAS, "seed_width": 64, "seed_height": 64},
            "it doesn't support the noise of another size, noise schedules, the sampler Euler. "
            "Remove them, or choose another model.",
        ),
        (
            {"sampler": Sampler.DDIM, "clip_skip": 2},
            "it doesn't support clip skip, the sampler DDIM. Remove them, or choose another model.",
        ),
        ({"prompt": "a fox <lora:ink:0>"}, "it doesn't support LoRAs. Remove them, or choose another model."),
        ({"prompt": "a fox BREAK a hat"}, "it doesn't support BREAK. Remove it, or choose another model."),
        (
            {"prompt": "a [fox:wolf:0.5]"},
            "it doesn't support prompts that change between steps. Remove them, or choose another model.",
        ),
        ({"prompt": "<left: a fox>"}, "it doesn't support regions. Remove them, or choose another model."),
        ({"prompt": "a fox AND snow :0.5"}, "it doesn't support AND. Remove it, or choose another model."),
    ],
    ids=str,
)
def test_a_refusal_names_what_is_not_supported(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    spec = replace(model(tmp_path, "DreamLiteMobilePipeline"), guidance_scale=1.0)
    plain = settings(guidance_scale=1.0, denoising_strength=1.0, prompt="a BREAKfast (for two), [sic]")
    suitability.check(plain, spec)
    with pytest.raises(Unsuitable) as refused:
        suitability.check(replace(plain, **changes), spec)
    assert str(refused.value) == sentence
    prompt, named = changes.get("prompt", "a fox"), {name: changes[name] for name in changes if name != "prompt"}
    with pytest.raises(Unsuitable) as refused:
        suitability.check_named(PartialSettings(**named), prompt, spec)
    assert str(refused.value) == sentence


def test_what_a_model_lacks_is_said_before_what_its_settings_lack(tmp_path: Path) -> None:
    spec = model(tmp_path, "FluxPipeline", {"guidance_embeds": True})
    with pytest.raises(Unsuitable, match="it doesn't support clip skip, noise schedules"):
        suitability.check_named(PartialSettings(schedule=Schedule.KARRAS, clip_skip=2), "a fox", spec)
    suitability.check_named(PartialSettings(schedule=Schedule.KARRAS, clip_skip=2), "a (fox)", POCKET)
    suitability.check_named(PartialSettings(sampler=Sampler.HEUN, steps=9, guidance_scale=2.0), "a fox", spec)


def test_a_strength_is_refused_where_no_picture_can_have_one(tmp_path: Path) -> None:
    """A model that edits pictures uses it with a mask, if it takes one."""
    weak = settings(denoising_strength=0.5)
    suitability.check(weak, model(tmp_path / "masks", "Flux2Pipeline", {"guidance_embeds": True}))
    with pytest.raises(Unsuitable, match="strength"):
        suitability.check(weak, model(tmp_path / "none", "GlmImagePipeline"))


def test_defaults_are_fitted_and_foreign_settings_stripped(tmp_path: Path) -> None:
    spec = model(tmp_path, "FluxPipeline", {"guidance_embeds": False})
    assert spec.preferred.sampler is Sampler.OWN
    fitted = suitability.fitted(PartialSettings(sampler=Sampler.DDIM, clip_skip=2, steps=9, guidance_scale=7.0), spec)
    assert (fitted.sampler, fitted.clip_skip, fitted.steps, fitted.guidance_scale) == (Sampler.OWN, 1, 9, 1.0)
    usual = settings(guidance_scale=spec.guidance_scale)
    suitability.check(usual, spec, or_usual=True)
    with pytest.raises(Unsuitable, match="it doesn't support guidance"):
        suitability.check(usual, spec)
    old = settings(negative_prompt="green", sampler=Sampler.DDIM, width=72, height=2048)
    plain = settings(guidance_scale=1.0, width=64, height=2048)
    assert suitability.stripped(old, spec) == plain
    assert suitability.stripped(old, POCKET) == old


@pytest.mark.parametrize(
    ("pipeline", "roles", "sentence"),
    [
        ("SanaPipeline", {"image"}, "it doesn't support a start picture. Remove it, or choose another model."),
        ("GlmImagePipeline", {"image", "mask"}, "it doesn't support drawing a part of a picture."),
        ("FluxKontextPipeline", {"image", "second"}, "it takes 1 picture at most. Remove the others, or choose"),
        ("FluxPipeline", {"control"}, "it doesn't support pictures whose lines to keep."),
        ("FluxPipeline", {"image_prompt"}, "it doesn't support pictures as prompts."),
        ("LongCatImageEditPipeline", set(), "it edits pictures. Attach one as `image`, and write what to change."),
    ],
)
def test_pictures_that_it_cannot_use_are_refused(tmp_path: Path, pipeline: str, roles: set[str], sentence: str) -> None:
    with pytest.raises(Unsuitable) as refused:
        suitability.check_pictures(model(tmp_path, pipeline), roles)
    assert str(refused.value).startswith(sentence)


def test_what_a_model_supports_can_be_asked_for(tmp_path: Path) -> None:
    spec = model(tmp_path, "SanaPipeline")
    assert suitability.supports(settings(guidance_scale=3.0), spec)
    assert not suitability.supports(settings(sampler=Sampler.DDIM), spec)


def test_pictures_that_it_can_use_are_not(tmp_path: Path) -> None:
    suitability.check_pictures(model(tmp_path, "FluxPipeline"), {"image", "mask"})
    suitability.check_pictures(POCKET, {"image", "second", "third", "fourth"})


def test_a_look_inside_and_redrawing_are_for_models_of_the_shared_batch(tmp_path: Path) -> None:
    spec = model(tmp_path, "SanaPipeline")
    with pytest.raises(Unsuitable, match=r"it can't be explained\. Choose another model\."):
        suitability.check_explains(spec)
    with pytest.raises(Unsuitable, match="it doesn't support creative upscales"):
        suitability.check_refines(spec)
    suitability.check_explains(POCKET)
    suitability.check_refines(POCKET)
