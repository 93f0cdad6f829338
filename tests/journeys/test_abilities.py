"""What a model doesn't support is refused by name, or told; what it supports is offered."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.requests.blending import FROM_THE_MIDDLE
from generation import outpainting
from generation.catalogue import POCKET, ModelSpec
from tests.journeys.conftest import Member, Start, words_of
from tests.journeys.test_blend import picture
from tests.journeys.test_result import more

PIPELINES = {
    "flux": "FluxPipeline",
    "klein": "Flux2KleinPipeline",
    "sana": "SanaPipeline",
    "sprint": "SanaSprintPipeline",
    "edit": "QwenImageEditPlusPipeline",
    "longcat": "LongCatImageEditPipeline",
    "kandinsky": "Kandinsky5T2IPipeline",
}


@pytest.fixture
async def bot(start: Start, tmp_path: Path) -> AsyncIterator[app.Bot]:
    """A bot whose other models are those families, of which only the files are there that say so."""
    models = []
    for name, pipeline in PIPELINES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
        models.append(ModelSpec(name, str(tmp_path / name), width=512, height=512, steps=4))
    async with start(models=(POCKET, *models)) as noisefox:
        yield noisefox


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"model": "klein", "negative": "green"}, "klein doesn't support a negative prompt. Remove it, or choose"),
        ({"model": "flux", "guidance": 5.0}, "flux doesn't support guidance. Remove it"),
        ({"model": "sana", "sampler": "DDIM"}, "sana can't use the sampler DDIM. Use one of: Model's own."),
        ({"model": "sana", "clip_skip": 2}, "sana doesn't support clip skip. Remove it"),
        ({"model": "sana", "image": picture("red")}, "sana doesn't support a start picture. Remove it"),
        ({"model": "flux", "image": picture("red"), "prompt": "a fox --control 1"}, "it has no ControlNet"),
        ({"model": "flux", "sampler": "DDIM"}, "flux can't use the sampler DDIM. Use one of: Model's own, Euler, Heun"),
        ({"model": "longcat"}, "longcat edits pictures. Attach one as `image`, and write what to change."),
        ({"model": "longcat", "image": picture("red"), "strength": 0.5}, "longcat doesn't support strength. Remove it"),
        (
            {"model": "sana", "prompt": "a fox --hires 2 --vary 0.2"},
            "sana doesn't support hires, variations. Remove them",
        ),
    ],
    ids=str,
)
async def test_what_a_model_lacks_is_refused_by_name(
    bot: app.Bot, member: Member, options: dict[str, Any], sentence: str
) -> None:
    outcome = await member.slash("imagine", {"prompt": "a fox", **options})
    assert outcome.message is not None
    assert sentence in words_of(outcome.message)
    assert await bot.generations.get(1) is None


async def test_a_picture_to_look_at_is_taken_and_its_strength_is_told_to_be_in_vain(
    bot: app.Bot, member: Member
) -> None:
    shown = await member.imagine("a fox", model="edit", image=picture("red"), strength=0.5)
    assert "Strength was ignored: this model looks at a picture" in words_of(shown)
    shown = await member.imagine("a fox", model="flux", image=picture("red"), strength=0.5)
    assert "ignored" not in words_of(shown)


@pytest.mark.parametrize(
    ("model", "size", "drawn"), [("flux", "520x520", "512×512"), ("kandinsky", "512x512", "1024×1024")]
)
async def test_a_size_that_a_model_cannot_draw_is_told(
    bot: app.Bot, member: Member, model: str, size: str, drawn: str
) -> None:
    shown = await member.imagine(f"a fox --size {size}", model=model)
    assert f"This model can't draw that size, so the picture has {drawn} pixels." in words_of(shown)
    generation = await bot.generations.get(1)
    assert generation is not None
    assert f"{generation.settings.width}×{generation.settings.height}" == drawn


@pytest.mark.parametrize("options", [{}, {"aspect": "3:2"}], ids=["its own", "an aspect"])
async def test_a_size_that_nobody_named_is_one_that_the_model_can_draw(
    bot: app.Bot, member: Member, options: dict[str, str]
) -> None:
    shown = await member.imagine("a fox", model="flux", **options)
    assert "can't draw that size" not in words_of(shown)
    generation = await bot.generations.get(1)
    assert generation is not None
    assert generation.settings.width % 16 == generation.settings.height % 16 == 0


async def test_a_model_that_looks_at_no_pictures_starts_from_the_middle_of_some(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("blend", {"first": picture("red"), "second": picture("blue"), "model": "flux"})
    assert outcome.message is not None
    await member.see_finished(outcome.message)
    generation = await bot.generations.get(1)
    assert generation is not None
    assert generation.inputs.second
    assert generation.settings.denoising_strength == FROM_THE_MIDDLE


async def test_more_is_drawn_around_a_picture_at_its_strength(bot: app.Bot, member: Member) -> None:
    await more(member, await member.imagine("a fox", model="edit"), "zoom-far")
    generation = await bot.generations.get(2)
    assert generation is not None
    assert generation.settings.denoising_strength == outpainting.STRENGTH


async def test_the_list_of_models_says_what_each_takes(bot: app.Bot, member: Member) -> None:
    listed = (await member.asks("models"))["content"].splitlines()
    [klein] = [line for line in listed if "**klein**" in line]
    assert klein.endswith("; takes guidance, 4 pictures to look at, drawing a part of a picture, LoRAs")
    [pocket] = [line for line in listed if "**pocket**" in line]
    assert "takes" not in pocket


async def test_references_are_blended_as_they_are(bot: app.Bot, member: Member) -> None:
    given = {"first": picture("red"), "second": picture("blue"), "prompt": "a fox"}
    outcome = await member.slash("blend", {**given, "model": "longcat"})
    assert outcome.message is not None
    assert "longcat doesn't support more than 1 picture. Remove it" in words_of(outcome.message)
    outcome = await member.slash("blend", {**given, "model": "klein"})
    assert outcome.message is not None
    await member.see_finished(outcome.message)
    generation = await bot.generations.get(1)
    assert generation is not None
    assert generation.inputs.image
    assert generation.inputs.second
