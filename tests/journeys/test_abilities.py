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
from generation.settings import Sampler
from tests.journeys.conftest import Member, Start, labels_of, text_of, words_of
from tests.journeys.test_blend import picture
from tests.journeys.test_compare import is_sheet
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
        ({"model": "flux", "prompt": "a fox --schedule Karras"}, "flux doesn't support noise schedules. Remove them"),
        ({"model": "longcat"}, "longcat edits pictures. Attach one as `image`, and write what to change."),
        ({"model": "longcat", "image": picture("red"), "strength": 0.5}, "longcat doesn't support strength. Remove it"),
        (
            {"model": "sana", "prompt": "a fox --hires 2 --vary 0.2"},
            "sana doesn't support hires, variations. Remove them",
        ),
        (
            {"model": "flux", "prompt": "a [fox|cat] AND snow, <left: a house> --tile"},
            "flux doesn't support seamless pictures, prompts that change between steps, regions, AND. Remove them",
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


async def test_a_strength_that_is_in_vain_is_not_compared(bot: app.Bot, member: Member) -> None:
    given = {"prompt": "a fox", "parameter": "strength", "image": picture("red"), "model": "edit"}
    for values in ("", "0.3, 0.8"):
        outcome = await member.slash("compare", given | ({"values": values} if values else {}))
        assert outcome.message is not None
        assert "edit looks at a picture and doesn't start from it, so strength" in words_of(outcome.message)
    assert await bot.generations.get(1) is None


async def test_weights_that_a_model_reads_as_text_are_told(bot: app.Bot, member: Member) -> None:
    told = "Weights such as `(word:1.4)` were ignored"
    shown = await member.imagine("a (red fox:1.4) at night", model="flux")
    assert told in text_of(shown)
    for prompt, model in (("a (red fox:1.4)", "pocket"), ("a fox (the animal) at 4:30 [sic]", "flux")):
        assert "ignored" not in text_of(await member.imagine(prompt, model=model))
    given = {"first": picture("red"), "second": picture("blue"), "model": "flux"}
    blend = await member.slash("blend", {"prompt": "a (red fox:1.4)", **given})
    assert blend.message is not None
    assert told in text_of(await member.see_finished(blend.message))
    compared = {"prompt": "a (red fox:1.4) --size 64x64", "parameter": "model", "values": "pocket, flux"}
    compare = await member.slash("compare", compared)
    assert compare.message is not None
    assert told in text_of(await member.see(compare.message, is_sheet))


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
    [flux] = [line for line in listed if "**flux**" in line]
    assert flux.endswith(", guidance 1; takes a start picture, drawing a part of a picture, LoRAs"), "without guidance"
    [pocket] = [line for line in listed if "**pocket**" in line]
    assert "takes" not in pocket


async def test_references_are_blended_as_they_are(bot: app.Bot, member: Member) -> None:
    given = {"first": picture("red"), "second": picture("blue"), "prompt": "a fox"}
    outcome = await member.slash("blend", {**given, "model": "longcat"})
    assert outcome.message is not None
    assert "longcat takes 1 picture at most. Remove the others, or choose another model." in words_of(outcome.message)
    outcome = await member.slash("blend", {**given, "model": "klein"})
    assert outcome.message is not None
    await member.see_finished(outcome.message)
    generation = await bot.generations.get(1)
    assert generation is not None
    assert generation.inputs.image
    assert generation.inputs.second


async def test_buttons_are_those_that_a_model_can_follow(bot: app.Bot, member: Member) -> None:
    one, several = [await member.imagine("a fox", model="sana", count=count) for count in (1, 2)]
    assert "Vary" not in labels_of(one)
    assert {"Re-roll", "Upscale ×2", "Remix"} <= set(labels_of(one))
    assert {label for label in labels_of(several) if len(label) == 2} == {"U1", "U2"}
    picked = (await member.select(several, "noisefox:pick:2:0", ["1"])).message
    assert picked is not None
    picked = await member.see(picked, lambda each: "Try other guidance" in text_of(each))
    for message in (one, picked):
        hidden = ("Zoom out", "See how it is drawn", "Try other samplers", "Refine", "Start from this picture")
        assert [label for label in hidden if label in text_of(message)] == []
        assert "Try other guidance" in text_of(message)
    starting = await member.imagine("a fox", model="flux")
    assert "Start from this picture" in text_of(starting)
    assert "Zoom out" in text_of(starting)
    assert "Try other guidance" not in text_of(starting)


async def test_what_a_server_locks_holds_as_far_as_a_model_supports_it(
    bot: app.Bot, admin: Member, member: Member
) -> None:
    for setting, value in {"sampler": "DDIM", "guidance_scale": "9", "width": "520"}.items():
        await admin.slash("server rule", {"setting": setting, "default": value, "locked": True})
    await member.imagine("a fox", model="flux")
    generation = await bot.generations.get(1)
    assert generation is not None
    assert (generation.settings.sampler, generation.settings.guidance_scale) == (Sampler.OWN, 1.0)
    assert generation.settings.width == 512
    await admin.slash("server rule", {"setting": "negative_prompt", "default": "gore", "locked": True})
    refused = (await member.slash("imagine", {"prompt": "a fox", "model": "flux"})).message
    assert refused is not None
    assert "Negative prompt is locked to gore here." in words_of(refused)


async def test_comparisons_leave_out_what_a_model_does_not_support(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("compare", {"prompt": "a fox", "parameter": "sampler", "model": "sana"})
    assert outcome.message is not None
    assert "There are no other values to compare here." in words_of(outcome.message)
    asked = {"prompt": "a fox", "parameter": "size", "values": "500x500, 512x512, 600x600", "model": "sana"}
    outcome = await member.slash("compare", asked)
    assert outcome.message is not None
    await member.see(outcome.message, lambda each: "a fox" in words_of(each))
    generation = await bot.generations.get(1)
    assert generation is not None
    assert generation.axes[0].values == ("512×512", "608×608")


async def test_a_remix_with_what_a_model_does_not_support_is_refused(bot: app.Bot, member: Member) -> None:
    shown = await member.imagine("a fox", model="sana")
    form = (await member.click(shown, "Remix")).modal
    assert form is not None
    assert "DPM++ 2M Karras" not in json.dumps(form), "the form offers what the model can follow"
    outcome = await member.submit(form, {"prompt": "a fox", "flags": "--sampler dpm++ 2m karras"})
    assert outcome.message is not None
    assert "sana can't use the sampler DPM++ 2M Karras. Use one of: Model's own." in words_of(outcome.message)


async def test_a_size_that_nobody_knew_of_before_is_told_afterwards(bot: app.Bot, member: Member) -> None:
    shown = await member.imagine("a shrunk and unread fox", model="sana")
    assert "so the picture has 64×128 pixels." in words_of(shown)
    assert "It ignored everything from “unread fox” on." in words_of(shown)
