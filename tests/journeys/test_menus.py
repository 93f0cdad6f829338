"""Commands in the menu of a message: on our pictures, and on anybody's."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot import app
from generation import images, infotext
from generation.catalogue import POCKET
from generation.infotext import Drawn
from generation.loras import LoraSpec
from generation.settings import GenerationSettings, Sampler
from tests.journeys.conftest import Member, Message, Start, filled, finished, labels_of, text_of

SETTINGS = GenerationSettings(
    prompt="a red apple",
    seed=7,
    model="elsewhere",
    width=128,
    height=128,
    steps=3,
    guidance_scale=4.5,
    sampler=Sampler.DDIM,
)

BOMB = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\2\0\0\0"
"""The head of a picture of two thousand million pixels a side."""


def picture() -> bytes:
    """A picture as another tool would have saved it."""
    text = infotext.to_infotext(SETTINGS, Drawn(model_hash="abc", version="1"))
    file, info = BytesIO(), PngInfo()
    info.add_text("parameters", text)
    Image.effect_noise((128, 128), 80).convert("RGB").save(file, "PNG", pnginfo=info)
    return file.getvalue()


def fields_of(modal: Message | None) -> dict[str, Any]:
    assert modal is not None
    return {part["component"]["custom_id"]: part["component"] for part in modal["components"]}


async def test_settings_of_our_own_picture_are_our_record(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a castle", seed=7, clip_skip=2)
    shown = (await other.menu("Show settings", done)).message
    assert shown is not None
    assert "a castle" in text_of(shown)
    assert "--clip 2" in text_of(shown)
    assert shown["ephemeral_for"] == other.id


async def test_settings_of_anybodys_picture_are_read_from_it(bot: app.Bot, member: Member) -> None:
    posted = await member.post("look.png", picture(), "image/png")
    shown = (await member.menu("Show settings", posted)).message
    assert shown is not None
    assert "a red apple" in text_of(shown)
    assert "--seed 7 --steps 3 --cfg 4.5 --sampler DDIM" in text_of(shown)


@pytest.mark.parametrize(
    ("name", "data", "kind", "sentence"),
    [
        ("notes.png", b"not a picture", "image/png", "I can't read that file"),
        ("plain.txt", b"hello", "text/plain", "has no picture"),
        (
            "bomb.png",
            b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\2\0\0\0",
            "image/png",
            "",
        ),
    ],
)
async def test_what_is_no_picture_is_refused_in_words(
    bot: app.Bot, member: Member, name: str, data: bytes, kind: str, sentence: str
) -> None:
    posted = await member.post(name, data, kind)
    for command in ("Show settings", "Re-roll", "Use these settings"):
        answer = (await member.menu(command, posted)).message
        assert answer is not None
        assert sentence in answer["content"]
        assert "on my side" not in answer["content"]


async def test_reroll_of_anybodys_picture_takes_its_settings(bot: app.Bot, member: Member, other: Member) -> None:
    posted = await member.post("look.png", picture(), "image/png")
    outcome = await other.menu("Re-roll", posted)
    assert outcome.message is not None
    done = await other.see_finished(outcome.message)
    drawn = infotext.from_infotext((await other.image(done)).info["parameters"])
    assert (drawn.prompt, drawn.steps, drawn.sampler, drawn.model) == ("a red apple", 3, Sampler.DDIM, "pocket")
    assert drawn.seed != 7


async def test_reroll_and_upscale_from_the_menu_do_what_the_buttons_do(
    bot: app.Bot, member: Member, other: Member
) -> None:
    done = await member.imagine("a castle", seed=7)
    for command, words in (("Re-roll", "Re-roll of"), ("Upscale", "Upscaled from")):
        outcome = await other.menu(command, done)
        assert outcome.message is not None
        assert words in text_of(await other.see_finished(outcome.message))
    posted = await member.post("look.png", picture(), "image/png")
    refusal = (await other.menu("Upscale", posted)).message
    assert refusal is not None
    assert "only upscale my own pictures" in refusal["content"]


async def test_of_several_pictures_one_is_chosen_in_the_menu(bot: app.Bot, member: Member, other: Member) -> None:
    two = await member.imagine("a castle", seed=7, count=2)
    question = (await other.menu("Upscale", two)).message
    assert question is not None
    assert question["ephemeral_for"] == other.id
    assert labels_of(question) == ["1", "2"]
    large = await other.press(question, "2")
    assert f"<@{other.id}>" in text_of(large)
    assert infotext.from_infotext((await other.image(large)).info["parameters"]).seed == 8
    assert (await other.image(large)).size == (256, 256)
    question = (await other.menu("Start from this picture", two)).message
    assert question is not None
    modal = (await other.click(question, "2")).modal
    assert modal is not None
    assert modal["custom_id"].endswith(":1:1")


async def test_settings_are_used_for_other_words(start: Start, member: Member) -> None:
    async with start():
        posted = await member.post("look.png", picture(), "image/png")
        opened = await member.menu("Use these settings", posted)
    fields = fields_of(opened.modal)
    assert "value" not in fields["prompt"]
    assert fields["flags"]["value"] == "--size 128x128 --steps 3 --cfg 4.5"
    values = {"prompt": "a boat", "flags": fields["flags"]["value"], "sampler": ["DDIM"], "shape": ["same"]}
    async with start():
        outcome = await member.submit(opened.modal, values)
        assert outcome.message is not None
        done = await member.see_finished(outcome.message)
    drawn = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (drawn.prompt, drawn.steps, drawn.guidance_scale, drawn.sampler) == ("a boat", 3, 4.5, Sampler.DDIM)


def saved(chunks: dict[str, str]) -> bytes:
    """A picture of another tool, with its text chunks."""
    file, info = BytesIO(), PngInfo()
    for name, text in chunks.items():
        info.add_text(name, text)
    Image.effect_noise((128, 128), 80).convert("RGB").save(file, "PNG", pnginfo=info)
    return file.getvalue()


SAMPLER = {"seed": 2**40 + 7, "steps": 3, "cfg": 0.5, "sampler_name": "dpm_2_ancestral", "scheduler": "karras"}
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": SAMPLER | {"positive": ["6", 0], "latent_image": ["5", 0]}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 96, "height": 128, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red apple"}},
}
"""ComfyUI's, with a sampler that isn't here."""


async def test_a_sampler_that_is_not_here_is_replaced_and_the_person_is_told(bot: app.Bot, member: Member) -> None:
    posted = await member.post("graph.png", saved({"prompt": json.dumps(GRAPH)}), "image/png")
    shown = (await member.menu("Show settings", posted)).message
    assert shown is not None
    assert "a red apple" in text_of(shown)
    assert "--size 96x128 --seed 7 --steps 3 --cfg 1 --sampler DPM++ 2M Karras" in text_of(shown)
    replaced = "were replaced: sampler dpm_2_ancestral → DPM++ 2M Karras, cfg 0.5 → 1."
    assert replaced in text_of(shown).replace("\\", "")
    fields = fields_of((await member.menu("Use these settings", posted)).modal)
    assert fields["flags"]["value"] == "--size 96x128 --steps 3 --cfg 1 --schedule Karras"
    outcome = await member.menu("Re-roll", posted)
    assert outcome.message is not None
    done = await member.see_finished(outcome.message)
    assert replaced in text_of(done).replace("\\", "")
    drawn = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (drawn.prompt, drawn.width, drawn.height, drawn.steps) == ("a red apple", 96, 128, 3)
    assert drawn.sampler is Sampler.DPMPP_2M_KARRAS


async def test_the_form_tells_what_was_replaced(bot: app.Bot, member: Member) -> None:
    posted = await member.post("graph.png", saved({"prompt": json.dumps(GRAPH)}), "image/png")
    modal = (await member.menu("Use these settings", posted)).modal
    assert modal is not None
    assert modal["components"][-1]["description"] == (
        "Not the same here: sampler dpm_2_ancestral → DPM++ 2M Karras, cfg 0.5 → 1"
    )


async def test_an_empty_prompt_leaves_the_other_settings(bot: app.Bot, member: Member) -> None:
    text = "Negative prompt: ugly, blurry\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 128x96"
    posted = await member.post("empty.png", saved({"parameters": text}), "image/png")
    shown = (await member.menu("Show settings", posted)).message
    assert shown is not None
    assert "ugly, blurry" in text_of(shown)
    assert "a picture" not in text_of(shown)
    fields = fields_of((await member.menu("Use these settings", posted)).modal)
    assert fields["negative"]["value"] == "ugly, blurry"
    refused = (await member.menu("Re-roll", posted)).message
    assert refused is not None
    assert refused["content"] == "The prompt is empty. Describe the picture you want."


async def test_settings_in_the_alpha_channel_are_read(bot: app.Bot, member: Member) -> None:
    text = b"a red apple\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 128x96"
    told = b"stealth_pnginfo" + (8 * len(text)).to_bytes(4) + text
    alpha = Image.new("L", (64, 64), 254)
    for number, bit in enumerate(bit for byte in told for bit in f"{byte:08b}"):
        alpha.putpixel(divmod(number, 64), 254 | int(bit))
    file, hiding = BytesIO(), Image.new("RGB", (64, 64), "red")
    hiding.putalpha(alpha)
    hiding.save(file, "PNG")
    posted = await member.post("hidden.png", file.getvalue(), "image/png")
    asked = (await member.menu("Show settings", posted)).message
    assert asked is not None
    shown = await member.see(asked, filled)
    assert "--size 128x96 --seed 1 --steps 3 --cfg 7 --sampler Euler a" in text_of(shown)


async def test_a_model_is_found_by_its_file(start: Start, member: Member) -> None:
    models = (POCKET, replace(POCKET, name="Twin Fox"))
    text = "a red apple\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 128x96, Model: twin_fox"
    async with start(models=models):
        posted = await member.post("twin.png", saved({"parameters": text}), "image/png")
        outcome = await member.menu("Re-roll", posted)
        assert outcome.message is not None
        assert "· Twin Fox" in text_of(await member.see_finished(outcome.message))
        drawn = await member.imagine("a boat --model TWIN-FOX --neg leaf --sampler k_euler --steps 3")
        settings = infotext.from_infotext((await member.image(drawn)).info["parameters"])
        assert (settings.model, settings.negative_prompt, settings.sampler) == ("Twin Fox", "leaf", Sampler.EULER)
        refused = await member.asks("imagine", prompt="a boat", model="twin foxx")
        assert "There's no model called “twin foxx” here. Did you mean Twin Fox?" in text_of(refused)


async def test_anybodys_picture_is_something_to_start_from(start: Start, member: Member, other: Member) -> None:
    async with start():
        posted = await member.post("look.png", picture(), "image/png")
        opened = await other.menu("Start from this picture", posted)
    values = {"prompt": "a boat", "flags": "--steps 3 --strength 0.5", "sampler": ["Euler"]}
    async with start():
        outcome = await other.submit(opened.modal, values)
        assert outcome.message is not None
        done = await other.see_finished(outcome.message)
    drawn = infotext.from_infotext((await other.image(done)).info["parameters"])
    assert (drawn.prompt, drawn.steps, drawn.denoising_strength) == ("a boat", 3, 0.5)
    assert (drawn.width, drawn.height) == (128, 128)


async def test_forms_are_filled_with_what_holds_in_the_place(start: Start, admin: Member, member: Member) -> None:
    models = (POCKET, replace(POCKET, name="twin", steps=7))
    loras = (LoraSpec("ink", Path("ink.safetensors"), models=("twin",)),)
    async with start(models=models, loras=loras):
        await admin.slash("server allow", {"model": "twin"})
        choices = await member.autocomplete("imagine", {"prompt": "a fox <lora:i"}, focused="prompt")
        assert [choice["value"] for choice in choices] == ["a fox <lora:ink:1>"]
        await admin.slash("server rule", {"setting": "steps", "default": "3", "locked": True})
        await admin.slash("server rule", {"setting": "denoising_strength", "default": "0.5"})
        await member.slash("settings defaults", {"guidance": 2.5, "steps": 9})
        posted = await member.post("look.png", picture(), "image/png")
        opened = (await member.menu("Start from this picture", posted)).modal
        flags = fields_of(opened)["flags"]["value"]
        assert flags == "--steps 3 --cfg 2.5 --strength 0.5"
        outcome = await member.submit(opened, {"prompt": "a boat", "flags": flags})
        assert outcome.message is not None
        assert "· twin" in text_of(await member.see_finished(outcome.message))
        opened = (await member.menu("Use these settings", posted)).modal
        assert fields_of(opened)["flags"]["value"].endswith("--model twin")
        outcome = await member.menu("Re-roll", posted)
        assert outcome.message is not None
        assert "· twin" in text_of(await member.see_finished(outcome.message))


async def test_a_locked_strength_is_the_one_that_is_proposed(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server rule", {"setting": "denoising_strength", "locked": True})
    posted = await member.post("look.png", picture(), "image/png")
    assert "--strength" not in fields_of((await member.menu("Start from this picture", posted)).modal)["flags"]["value"]


async def test_a_file_that_is_too_large_to_start_from_is_refused_before_a_form_opens(
    bot: app.Bot, member: Member
) -> None:
    posted = await member.post("large.png", picture() + bytes(images.UPLOAD_BYTES), "image/png")
    answer = (await member.menu("Start from this picture", posted)).message
    assert answer is not None
    assert "The file is larger than 8 MiB. Save the picture smaller." in answer["content"]


async def test_a_message_without_a_record_is_found_by_its_buttons(bot: app.Bot, member: Member) -> None:
    await member.imagine("a castle")
    shown = await member.see(await member.asks("show", number=1), finished)
    details = (await member.menu("Show settings", shown)).message
    assert details is not None
    assert "number 1" in text_of(details)
