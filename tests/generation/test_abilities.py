"""What models can do, by what their files say, and how they are refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from safetensors.numpy import save_file

from generation import abilities
from generation.catalogue import POCKET, ModelSpec
from generation.errors import Unsuitable
from generation.pipelines import Guidance
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule


def model(folder: Path, pipeline: str, transformer: dict[str, Any] | None = None, **index: Any) -> ModelSpec:
    """A model of which only the files that say what it is are there."""
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline} | index))
    if transformer is not None:
        (folder / "transformer").mkdir(exist_ok=True)
        (folder / "transformer" / "config.json").write_text(json.dumps(transformer))
    return ModelSpec("it", str(folder))


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
    ("pipeline", "transformer", "index", "guidance", "negative"),
    [
        ("FluxPipeline", {"guidance_embeds": True}, {}, Guidance.TOLD, True),
        ("FluxPipeline", {"guidance_embeds": False}, {}, Guidance.NONE, False),
        ("Flux2Pipeline", {"guidance_embeds": True}, {}, Guidance.TOLD, False),
        ("Flux2KleinPipeline", {}, {"is_distilled": False}, Guidance.TWO_PREDICTIONS, False),
        ("Flux2KleinPipeline", {}, {"is_distilled": True}, Guidance.NONE, False),
        ("Krea2Pipeline", {}, {"is_distilled": True}, Guidance.NONE, False),
        ("QwenImagePipeline", {"guidance_embeds": False}, {}, Guidance.TWO_PREDICTIONS, True),
        ("QwenImagePipeline", {"guidance_embeds": True}, {}, Guidance.TWO_PREDICTIONS, True),
        ("QwenImageEditPlusPipeline", {"guidance_embeds": True}, {}, Guidance.TWO_PREDICTIONS, True),
        ("QwenImage21Pipeline", {}, {}, Guidance.TWO_PREDICTIONS, True),
        ("GlmImagePipeline", {}, {}, Guidance.TWO_PREDICTIONS, False),
        ("StableDiffusion3Pipeline", {}, {}, Guidance.TWO_PREDICTIONS, True),
        ("DreamLiteMobilePipeline", {}, {}, Guidance.NONE, False),
        ("TomorrowsPipeline", {}, {}, Guidance.TWO_PREDICTIONS, True),
    ],
)
def test_guidance_is_that_of_the_files(
    tmp_path: Path,
    pipeline: str,
    transformer: dict[str, Any],
    index: dict[str, Any],
    guidance: Guidance,
    negative: bool,
) -> None:
    able = abilities.of(model(tmp_path, pipeline, transformer, **index))
    assert (able.guidance, able.negative_prompt) == (guidance, negative)


def test_a_file_of_another_family_can_do_what_its_configuration_says(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_file({"double_blocks.0.weight": numpy.zeros(1)}, file)
    configuration = model(tmp_path / "like", "Flux2Pipeline")
    assert abilities.of(ModelSpec("it", str(file), config=configuration.source)).references == 4
    assert abilities.of(ModelSpec("it", str(file))).references == 0


@pytest.mark.parametrize(
    ("pipeline", "start", "mask", "references"),
    [
        ("FluxPipeline", True, True, 0),
        ("FluxKontextPipeline", False, True, 1),
        ("GlmImagePipeline", False, False, 4),
        ("OmniGenPipeline", False, False, 0),
        ("QwenImage21Pipeline", False, False, 4),
        ("ZImagePipeline", True, True, 0),
        ("SanaPipeline", False, False, 0),
        ("StableDiffusionPipeline", True, True, 0),
    ],
)
def test_pictures_are_those_that_a_pipeline_or_its_siblings_take(
    tmp_path: Path, pipeline: str, start: bool, mask: bool, references: int
) -> None:
    able = abilities.of(model(tmp_path, pipeline))
    assert (able.start_picture, able.mask, able.references) == (start, mask, references)


def test_guides_are_those_of_the_spec() -> None:
    able = abilities.of(replace(POCKET, controlnet="lines", ip_adapter="faces.safetensors"))
    assert able.control
    assert able.image_prompt
    assert not abilities.of(POCKET).control


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
    ],
    ids=str,
)
def test_a_refusal_names_what_is_not_supported(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    spec = replace(model(tmp_path, "DreamLiteMobilePipeline"), guidance_scale=1.0)
    plain = settings(guidance_scale=1.0, denoising_strength=1.0, prompt="a BREAKfast (for two), [sic]")
    abilities.check(plain, spec)
    with pytest.raises(Unsuitable) as refused:
        abilities.check(replace(plain, **changes), spec)
    assert str(refused.value) == sentence
    prompt, named = changes.get("prompt", "a fox"), {name: changes[name] for name in changes if name != "prompt"}
    with pytest.raises(Unsuitable) as refused:
        abilities.check_named(PartialSettings(**named), prompt, spec)
    assert str(refused.value) == sentence


def test_what_a_model_lacks_is_said_before_what_its_settings_lack(tmp_path: Path) -> None:
    spec = model(tmp_path, "FluxPipeline", {"guidance_embeds": True})
    with pytest.raises(Unsuitable, match="it doesn't support clip skip, noise schedules"):
        abilities.check_named(PartialSettings(schedule=Schedule.KARRAS, clip_skip=2), "a fox", spec)
    abilities.check_named(PartialSettings(schedule=Schedule.KARRAS, clip_skip=2), "a (fox)", POCKET)
    abilities.check_named(PartialSettings(sampler=Sampler.HEUN, steps=9, guidance_scale=2.0), "a fox", spec)


def test_a_strength_is_refused_where_no_picture_can_have_one(tmp_path: Path) -> None:
    """A model that edits pictures uses it with a mask, if it takes one."""
    weak = settings(denoising_strength=0.5)
    abilities.check(weak, model(tmp_path / "masks", "Flux2Pipeline", {"guidance_embeds": True}))
    with pytest.raises(Unsuitable, match="strength"):
        abilities.check(weak, model(tmp_path / "none", "GlmImagePipeline"))


def test_defaults_are_fitted_and_foreign_settings_stripped(tmp_path: Path) -> None:
    spec = model(tmp_path, "FluxPipeline", {"guidance_embeds": False})
    assert spec.preferred.sampler is Sampler.OWN
    fitted = abilities.fitted(PartialSettings(sampler=Sampler.DDIM, clip_skip=2, steps=9, guidance_scale=7.0), spec)
    assert (fitted.sampler, fitted.clip_skip, fitted.steps, fitted.guidance_scale) == (Sampler.OWN, 1, 9, 1.0)
    usual = settings(guidance_scale=spec.guidance_scale)
    abilities.check(usual, spec, or_usual=True)
    with pytest.raises(Unsuitable, match="it doesn't support guidance"):
        abilities.check(usual, spec)
    old = settings(negative_prompt="green", sampler=Sampler.DDIM, width=72, height=2048)
    plain = settings(guidance_scale=1.0, width=64, height=2048)
    assert abilities.stripped(old, spec) == plain
    assert abilities.stripped(old, POCKET) == old


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
        abilities.check_pictures(model(tmp_path, pipeline), roles)
    assert str(refused.value).startswith(sentence)


def test_what_a_model_supports_can_be_asked_for(tmp_path: Path) -> None:
    spec = model(tmp_path, "SanaPipeline")
    assert abilities.supports(settings(guidance_scale=3.0), spec)
    assert not abilities.supports(settings(sampler=Sampler.DDIM), spec)


def test_pictures_that_it_can_use_are_not(tmp_path: Path) -> None:
    abilities.check_pictures(model(tmp_path, "FluxPipeline"), {"image", "mask"})
    abilities.check_pictures(POCKET, {"image", "second", "third", "fourth"})


def test_a_look_inside_and_redrawing_are_for_models_of_the_shared_batch(tmp_path: Path) -> None:
    spec = model(tmp_path, "SanaPipeline")
    with pytest.raises(Unsuitable, match=r"it can't be explained\. Choose another model\."):
        abilities.check_explains(spec)
    with pytest.raises(Unsuitable, match="it doesn't support creative upscales"):
        abilities.check_refines(spec)
    abilities.check_explains(POCKET)
    abilities.check_refines(POCKET)
