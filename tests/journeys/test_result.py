"""Buttons and menus under a picture: variations, other shapes and settings, remix, favourites, details."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from PIL import ImageChops, ImageStat

from bot import app
from generation import infotext
from generation.settings import GenerationSettings, Sampler
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, filled, finished, labels_of, text_of, urls_of, words_of

LONG = "a red apple " + "under an old tree " * 280
"""Longer than a field of a form."""


async def settings_in(member: Member, message: Message, index: int = 0) -> GenerationSettings:
    return infotext.from_infotext((await member.image(message, index)).info["parameters"])


async def more(member: Member, message: Message, choice: str) -> Message:
    """Choose from the select under a picture, and wait for what comes of it."""
    outcome = await member.select(message, select_of(message), [choice])
    assert outcome.message is not None
    return await member.see_finished(outcome.message)


def select_of(message: Message) -> str:
    [select] = [row["components"][0] for row in rows_of(message) if row["components"][0]["type"] == 3]
    custom_id: str = select["custom_id"]
    return custom_id


def rows_of(message: Message) -> list[dict[str, Any]]:
    [container] = message["components"]
    return [part for part in container["components"] if part["type"] == 1]


async def test_vary_goes_a_little_way_towards_other_noise(bot: app.Bot, member: Member, other: Member) -> None:
    two = await member.imagine("a cat", seed=7, count=2)
    varied = await other.press(two, "V2")
    settings = await settings_in(other, varied)
    assert (settings.seed, settings.variation_strength) == (8, 0.15)
    assert len(urls_of(varied)) == 2
    assert "Variation of [picture 2](https://discord.com/channels/" in text_of(varied)
    assert two["id"] in text_of(varied)
    assert f"<@{member.id}>" in text_of(varied)
    stronger = await more(other, await member.imagine("a cat", seed=7), "vary-strong")
    assert (await settings_in(other, stronger)).variation_strength == 0.4


async def test_a_variation_of_a_variation_is_drawn_over(bot: app.Bot, member: Member) -> None:
    varied = await member.press(await member.imagine("a cat", seed=7), "Vary")
    again = await bot.generations.by_message(int((await member.press(varied, "Vary"))["id"]))
    assert again is not None
    assert (again.settings.variation_strength, again.settings.denoising_strength) == (0, 0.45)
    assert again.inputs.image, "noise cannot go two ways at once"


async def test_a_refined_picture_is_not_refined_again(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a cat --hires 2")
    refused = (await member.select(done, select_of(done), ["hires"])).message
    assert refused is not None
    assert "This picture is already refined. Upscale it instead." in text_of(refused)


async def test_another_shape_keeps_seed_and_noise(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a castle", seed=7)
    wide = await more(member, done, "shape-wide")
    assert (await member.image(wide)).size == (168, 96)
    settings = await settings_in(member, wide)
    assert (settings.seed, settings.seed_width, settings.seed_height) == (7, 128, 128)
    refusal = await member.select(done, select_of(done), ["shape-square"])
    assert refusal.message is not None
    assert "This picture already has that shape" in refusal.message["content"]
    square = await more(member, await member.imagine("a castle --size 192x96", seed=7), "shape-square")
    assert len(set((await member.image(square)).size)) == 1
    settings = await settings_in(member, square)
    assert (settings.seed, settings.seed_width, settings.seed_height) == (7, 192, 96)


@pytest.mark.parametrize(("choice", "requests"), [("try-guidance", 3), ("vary-strong", 1), ("upscale-far", 1)])
async def test_no_version_of_a_message_says_that_a_picture_is_gone_which_is_there(
    bot: app.Bot, pool: FakePool, member: Member, recorded: Path, choice: str, requests: int
) -> None:
    prompt = f"a lighthouse for {choice}"
    done = await member.imagine(prompt, seed=7, steps=4)
    pool.hold()
    await member.select(done, select_of(done), [choice])
    await pool.until_at_work(requests)
    pool.step(1)
    begun = [each for each in member.messages() if each["id"] != done["id"]]
    drawing = [await member.see(each, lambda each: "1 of " in text_of(each)) for each in begun]
    assert len(drawing) == requests
    await member.click(drawing[0], "Cancel")
    await member.see(drawing[0], lambda each: "Cancelled." in text_of(each))
    pool.release()
    for each in drawing[1:]:
        await member.see_finished(each)
    posted = [line for line in recorded.read_text().splitlines() if prompt in line]
    assert any("Cancelled." in line for line in posted)
    assert [line for line in posted if "no longer exists" in line] == []


async def test_other_steps_are_tried_and_nothing_else(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a castle", seed=7, steps=4)
    await more(member, done, "try-steps")
    await member.wait_until(lambda: len([each for each in member.messages() if finished(each)]) > 2)
    tried = [each for each in member.messages() if finished(each) and each["id"] != done["id"]]
    assert {(await settings_in(member, each)).seed for each in tried} == {7}
    assert 4 not in {(await settings_in(member, each)).steps for each in tried}


@pytest.mark.real_worker
@pytest.mark.parametrize(
    ("choice", "size", "words"),
    [
        ("hires", (256, 256), "Refined from"),
        ("upscale-far", (512, 512), "Upscaled from"),
        ("upscale-creative", (256, 256), "Upscaled creatively from"),
    ],
)
async def test_more_is_drawn_around_and_in_a_picture(
    bot: app.Bot, member: Member, choice: str, size: tuple[int, int], words: str
) -> None:
    done = await member.imagine("a castle", seed=7)
    larger = await more(member, done, choice)
    assert (await member.image(larger)).size == size
    assert words in text_of(larger)


@pytest.mark.real_worker
@pytest.mark.parametrize(
    ("choice", "size", "box", "words"),
    [
        ("zoom-little", (128, 128), (16, 16, 104, 104), "Zoomed out of"),
        ("zoom-far", (128, 128), (32, 32, 96, 96), "Zoomed out of"),
        ("pan-left", (192, 128), (64, 0, 192, 128), "Panned from"),
        ("pan-right", (192, 128), (0, 0, 128, 128), "Panned from"),
        ("pan-up", (128, 192), (0, 64, 128, 192), "Panned from"),
        ("pan-down", (128, 192), (0, 0, 128, 128), "Panned from"),
    ],
)
async def test_a_larger_view_keeps_what_was_there(
    bot: app.Bot, member: Member, choice: str, size: tuple[int, int], box: tuple[int, int, int, int], words: str
) -> None:
    done = await member.imagine("a castle", seed=7)
    larger = await more(member, done, choice)
    assert words in text_of(larger)
    before, after = await member.image(done), await member.image(larger)
    assert after.size == size
    kept = after.crop(box)
    difference = ImageChops.difference(kept.convert("RGB"), before.convert("RGB").resize(kept.size))
    inner = difference.crop((16, 16, kept.width - 16, kept.height - 16))
    assert max(ImageStat.Stat(inner).mean) < 8


async def test_other_words_for_a_picture_that_is_there(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a red apple", seed=7)
    opened = await other.select(done, select_of(done), ["redraw"])
    assert opened.modal is not None
    fields = {part["component"]["custom_id"]: part["component"] for part in opened.modal["components"]}
    assert fields["flags"]["value"] == "--steps 4 --cfg 5 --strength 0.6"
    values = {"prompt": "a green apple", "flags": "--steps 5 --strength 0.8", "sampler": ["Euler"]}
    outcome = await other.submit(opened.modal, values)
    assert outcome.message is not None
    redrawn = await other.see_finished(outcome.message)
    settings = await settings_in(other, redrawn)
    assert (settings.prompt, settings.steps, settings.sampler) == ("a green apple", 5, Sampler.EULER)
    assert settings.denoising_strength == 0.8
    assert "Redrawn from" in text_of(redrawn)


async def test_an_emptied_field_leaves_nothing_out(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a red apple", seed=7, negative="leaf")
    for form in (await member.click(done, "Remix"), await member.select(done, select_of(done), ["redraw"])):
        outcome = await member.submit(form.modal, {"prompt": "a pear", "negative": "", "flags": "--steps 2"})
        assert outcome.message is not None
        drawn = await settings_in(member, await member.see_finished(outcome.message))
        assert (drawn.prompt, drawn.negative_prompt) == ("a pear", "")


async def test_other_settings_come_as_pictures_that_differ_in_nothing_else(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a castle", seed=7)
    await more(member, done, "try-samplers")

    def tried() -> list[Message]:
        return [each for each in member.messages() if "Other settings for" in text_of(each)]

    await member.wait_until(lambda: len(tried()) == 3)
    drawn = [await settings_in(member, await member.see_finished(each)) for each in tried()]
    assert {each.sampler for each in drawn} == {Sampler.EULER_ANCESTRAL, Sampler.HEUN, Sampler.DDIM}
    first = await settings_in(member, done)
    assert {replace(each, sampler=first.sampler) for each in drawn} == {first}


async def test_one_of_several_pictures_has_a_panel_of_its_own(bot: app.Bot, member: Member, other: Member) -> None:
    two = await member.imagine("a cat", seed=7, count=2)
    picked = (await other.select(two, select_of(two), ["1"])).message
    assert picked is not None
    panel = await other.see(picked, filled)
    assert panel["ephemeral_for"] == other.id
    assert "Picture 2 · seed 8" in text_of(panel)
    assert (await settings_in(other, await more(other, panel, "shape-tall"))).seed == 8


async def test_remix_opens_filled_in_and_changes_what_is_changed(start: Start, member: Member, other: Member) -> None:
    async with start():
        done = await member.imagine("a red apple", seed=7, negative="leaf", sampler="Euler a", guidance=6.5)
        opened = await other.click(done, "Remix")
    assert opened.modal is not None
    fields = {part["component"]["custom_id"]: part["component"] for part in opened.modal["components"]}
    assert fields["prompt"]["value"] == "a red apple"
    assert fields["negative"]["value"] == "leaf"
    assert fields["flags"]["value"] == "--size 128x128 --seed 7 --steps 4 --cfg 6.5"
    assert [each["value"] for each in fields["sampler"]["options"] if each.get("default")] == ["Euler a"]
    values = {
        "prompt": "a green apple",
        "negative": "",
        "flags": fields["flags"]["value"].replace("6.5", "5"),
        "shape": ["3:2"],
        "sampler": ["DDIM"],
    }
    async with start():
        outcome = await other.submit(opened.modal, values)
        assert outcome.message is not None
        remix = await other.see_finished(outcome.message)
    settings = await settings_in(other, remix)
    assert (settings.prompt, settings.negative_prompt, settings.sampler) == ("a green apple", "", Sampler.DDIM)
    assert (settings.seed, settings.steps, settings.guidance_scale) == (7, 4, 5)
    assert (settings.width, settings.height) == (160, 104)
    assert "Remix of" in text_of(remix)


async def test_a_prompt_longer_than_a_form_takes_survives_the_remix(bot: app.Bot, member: Member) -> None:
    done = await member.imagine(LONG.strip(), seed=7)
    opened = await member.click(done, "Remix")
    assert opened.modal is not None
    fields = {part["component"]["custom_id"]: part["component"] for part in opened.modal["components"]}
    values = {name: field["value"] for name, field in fields.items() if field["type"] == 4 and "value" in field}
    outcome = await member.submit(opened.modal, values | {"sampler": ["Euler"]})
    assert outcome.message is not None
    settings = await settings_in(member, await member.see_finished(outcome.message))
    assert settings.prompt == LONG.strip()
    assert settings.sampler is Sampler.EULER


async def test_a_form_with_a_bad_flag_is_refused_in_words(bot: app.Bot, member: Member) -> None:
    opened = await member.click(await member.imagine(), "Remix")
    outcome = await member.submit(opened.modal, {"prompt": "a cat", "flags": "--steps many", "sampler": ["DDIM"]})
    assert outcome.message is not None
    assert "`--steps` needs a value" in outcome.message["content"]
    assert outcome.message["ephemeral_for"]


async def test_details_say_everything_to_whoever_asks(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine(LONG.strip(), seed=7, negative="leaf", clip_skip=2)
    details = (await other.click(done, "Details")).message
    assert details is not None
    assert details["ephemeral_for"] == other.id
    assert "--size 128x128 --seed 7 --steps 4 --cfg 5" in text_of(details)
    assert "--clip 2" in text_of(details)
    assert "leaf" in text_of(details)
    assert "number 1" in text_of(details)
    assert "settings.txt" in text_of(details)


async def test_a_long_prompt_is_short_in_headlines_and_whole_in_details(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    prompt = "a red fox " * 250 + "asleep"
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start(prompt))
    pool.release()
    done = await member.see_finished(drawing)
    for message in (drawing, done):
        headline, _, _ = words_of(message).partition(f"<@{member.id}>")
        assert "a red fox…" in headline
        assert len(headline) < 200
    details = (await other.click(done, "Details")).message
    assert details is not None
    assert prompt in words_of(details)
    assert "settings.txt" not in text_of(details)


async def test_the_device_and_its_batch_are_shown_to_whoever_asks_for_what_is_technical(
    bot: app.Bot, member: Member, other: Member
) -> None:
    done = await member.imagine("a cat", seed=7)
    details = (await other.click(done, "Details")).message
    assert details is not None
    assert "cpu" not in words_of(details)
    assert "drawn in" not in words_of(details)
    technical = (await other.click(details, "Technical")).message
    assert technical is not None
    assert technical["ephemeral_for"] == other.id
    assert "drawn in 1.0\N{NO-BREAK SPACE}s · on cpu, float32 · 4 steps counted" in words_of(technical)


async def test_a_favourite_is_one_until_pressed_again(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a cat")
    assert "Added to your /favourites" in str((await other.click(done, "⭐")).message)
    assert "a cat" in text_of(await other.looks_up("favourites"))
    assert "a cat" not in text_of(await member.looks_up("favourites"))
    await other.click(done, "⭐")
    assert "a cat" not in text_of(await other.looks_up("favourites"))


async def test_reactions_keep_favourites_and_send_letters(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a castle", seed=7)
    await other.react(done, "❤️")
    await other.react(done, "✉️")
    letter = await other.wait_for(lambda each: each["channel_id"] != done["channel_id"] and "seed 7" in text_of(each))
    assert letter["channel_id"] == other.channel_id("dm")
    assert (await other.image(letter)).size == (128, 128)
    assert "number 1" in text_of(letter)
    await other.asks_until(lambda answer: "a castle" in text_of(answer), "favourites")
    await other.unreact(done, "❤️")
    await other.asks_until(lambda answer: "a castle" not in text_of(answer), "favourites")


async def test_a_covered_picture_stays_covered_in_what_comes_of_it(
    bot: app.Bot, pool: FakePool, member: Member
) -> None:
    pool.hold()
    started = await member.start("a cat", spoiler=True, steps=60)
    seen = [await member.see_drawing(pool, started)]
    pool.release()

    def watched(message: Message) -> bool:
        seen.append(message)
        return finished(message)

    done = await member.see(started, watched)
    assert any("of 60" in text_of(each) for each in seen)
    assert not any(urls_of(each) for each in seen[:-1])
    assert '"spoiler": true' in text_of(done)
    assert '"spoiler": true' in text_of(await member.press(done, "Re-roll"))


@pytest.mark.parametrize("old", ["noisefox:enlarge:1:0", "noisefox:more:1:0"])
async def test_a_button_of_another_version_says_so(bot: app.Bot, member: Member, old: str) -> None:
    """A message keeps its buttons when the bot that wrote it is replaced."""
    done = await member.imagine()
    message = await bot.client.get_partial_messageable(int(done["channel_id"])).fetch_message(int(done["id"]))
    view = discord.ui.LayoutView(timeout=None)
    option = discord.SelectOption(label="Enlarge", value="enlarge")
    item: Any = (
        discord.ui.Select(custom_id=old, options=[option])
        if "more" in old
        else discord.ui.Button(label="Enlarge", custom_id=old)
    )
    view.add_item(discord.ui.ActionRow(item))
    view.stop()
    await message.edit(view=view, attachments=[])
    await member.see(done, lambda each: "Enlarge" in text_of(each))
    outcome = await (member.select(done, old, ["enlarge"]) if "more" in old else member.click(done, "Enlarge"))
    assert outcome.message is not None
    assert "This button no longer works" in outcome.message["content"]


async def test_what_is_not_finished_offers_nothing_but_cancel(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.hold()
    started = await member.start()
    drawing = await member.see_drawing(pool, started)
    assert labels_of(drawing) == ["Cancel"]
    await member.click(drawing, "Cancel")
    assert finished(await member.see(started, finished))
