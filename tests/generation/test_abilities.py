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
from generation.controls import ControlKind
from generation.pipelines import Guidance


def model(folder: Path, pipeline: str, transformer: dict[str, Any] | None = None, **index: Any) -> ModelSpec:
    """A model of which only the files that say what it is are there."""
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline} | index))
    if transformer is not None:
        (folder / "transformer").mkdir(exist_ok=True)
        (folder / "transformer" / "config.json").write_text(json.dumps(transformer))
    return ModelSpec("it", str(folder))


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


def test_networks_beside_a_model_are_told_with_the_kinds_that_are_known() -> None:
    able = replace(abilities.STABLE_DIFFUSION, control=True, image_prompt=True, style=True)
    told = [str(each) for each in abilities.guided(able, [ControlKind.CANNY, ControlKind.TILE])]
    assert told == ["control pictures (canny, tile)", "pictures as prompts", "the style of a picture"]
    assert [str(each) for each in abilities.guided(replace(able, style=False), [])] == [
        "pictures whose lines to keep",
        "pictures as prompts",
    ]
    assert abilities.guided(abilities.STABLE_DIFFUSION, []) == []
