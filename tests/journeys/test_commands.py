"""Commands for what people keep, look up and export: /history, /queue, /styles, /settings, /models, /me."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from bot import app
from generation import infotext
from generation.catalogue import POCKET
from generation.loras import LoraSpec
from playground import Playground
from playground.client.person import File
from storage.images import Images
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, finished, labels_of, save_pace, text_of, urls_of


async def prompt_in(member: Member, message: Message) -> str:
    return infotext.from_infotext((await member.image(message)).info["parameters"]).prompt


async def test_history_is_searched_and_turned_by_pages_over_a_restart(
    start: Start, member: Member, other: Member
) -> None:
    async with start():
        for number in range(6):
            await member.imagine(f"a cat, number {number}", steps=1)
        await member.imagine("a castle", steps=1)
        await other.imagine("a boat", steps=1)
        first = await member.looks_up("history", search="cat number")
    assert "6 in all" in text_of(first)
    assert "a castle" not in text_of(first)
    assert ["number 5" in text_of(first), "number 0" in text_of(first)] == [True, False]
    async with start():
        await member.click(first, "Next")
        second = await member.see(first, lambda each: "2 of 2" in labels_of(each))
        assert "number 0" in text_of(second)
        everything = await member.looks_up("history")
    assert "7 in all" in text_of(everything)
    assert "a boat" not in text_of(everything)


async def test_an_old_picture_is_shown_again_with_its_buttons(bot: app.Bot, member: Member) -> None:
    await member.imagine("a castle", seed=7)
    listed = await member.looks_up("history")
    shown = (await member.select(listed, "noisefox-show", ["1"])).message
    assert shown is not None
    again = await member.see(shown, finished)
    assert again["ephemeral_for"] == member.id
    assert await prompt_in(member, again) == "a castle"
    assert finished(await member.press(again, "Re-roll"))
    assert finished(await member.see((await member.asks("show", number=1)), finished))


async def test_others_see_what_was_public_and_never_what_was_private(
    bot: app.Bot, member: Member, other: Member
) -> None:
    await member.imagine("a castle")
    await member.imagine("a secret", private=True)
    assert finished(await other.see(await other.asks("show", number=1), finished))
    for number in (2, 99):
        assert "There's no picture with that number" in (await other.asks("show", number=number))["content"]
    castle = next(each for each in member.messages() if "a castle" in text_of(each))
    await member.click(castle, "❌")
    await member.wait_until(lambda: member.message(castle["id"]) is None)
    await other.asks_until(lambda each: "was deleted" in each["content"], "show", number=1)


async def test_a_private_picture_whose_token_expired_waits_in_the_history(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, clock: Clock
) -> None:
    pool.hold()
    started = await member.start("a secret", private=True)
    await member.see_drawing(pool, started)
    clock.ahead += 16 * 60
    pool.release()
    await bot.dispatcher.drain()
    await bot.delivery.settle()
    shown = (await member.select(await member.looks_up("history"), "noisefox-show", ["1"])).message
    assert shown is not None
    assert await prompt_in(member, await member.see(shown, finished)) == "a secret"
    assert other.messages() == []


async def test_the_queue_tells_no_secrets_and_lets_one_out(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.room = 2
    pool.hold()
    first = await member.start("a castle", count=2)
    second = await member.start("a secret", steps=4, private=True)
    third = await other.start("a boat", steps=4, count=2)
    queue = await other.asks("queue")
    assert "a castle" in text_of(queue)
    assert "a private picture" in text_of(queue)
    assert "a secret" not in text_of(queue)
    mine = await member.asks("queue")
    assert "a secret" not in text_of(mine).partition('"options"')[0]
    await member.select(mine, "noisefox-stop", ["1"])
    await member.see(first, lambda each: "Cancelled." in text_of(each))
    pool.release()
    for person, message in ((member, second), (other, third)):
        assert finished(await person.see_finished(message))
    again = await other.slash("queue")
    assert "The queue is empty" in text_of(again.message or {})


async def test_a_style_goes_with_a_prompt_by_name(start: Start, member: Member, other: Member) -> None:
    async with start():
        saved = await member.asks("styles save", name="noir", text="film noir, {prompt}, grain --cfg 3 --ar 3:2")
        assert "noir" in saved["content"]
    async with start():
        done = await member.imagine("a fox --cfg 4", style="noir")
        settings = infotext.from_infotext((await member.image(done)).info["parameters"])
        assert settings.prompt == "film noir, a fox, grain"
        assert (settings.guidance_scale, settings.width, settings.height) == (4, 160, 104)
        choices = await member.autocomplete("imagine", {"prompt": "a fox", "style": "no"}, focused="style")
        assert [choice["value"] for choice in choices] == ["noir"]
        refusal = await other.slash("imagine", {"prompt": "a fox", "style": "noir"})
        assert "You have no style" in text_of(refusal.message or {})
        assert "`--cfg` needs a value" in (await member.asks("styles save", name="x", text="--cfg lots"))["content"]
        assert "none yet" in (await member.asks("styles remove", name="noir"))["content"]


async def test_a_style_and_who_may_see_it_by_flags(bot: app.Bot, member: Member, other: Member) -> None:
    await member.asks("styles save", name="noir", text="film noir, {prompt} --steps 3")
    done = await member.imagine("a fox --style noir --spoiler", steps=2)
    assert await prompt_in(member, done) == "film noir, a fox"
    assert "SPOILER_" in urls_of(done)[0]
    secret = await member.imagine("a secret fox --private --style noir")
    assert secret["ephemeral_for"] == member.id
    assert len(other.messages()) == 1
    assert "You have no style “gone”" in text_of(await member.asks("imagine", prompt="a fox --style gone"))
    form = (await member.click(done, "Remix")).modal
    values = {"prompt": "an owl", "flags": "--steps 2 --style noir --private"}
    outcome = await member.submit(form, values)
    assert outcome.message is not None
    remixed = await member.see_finished(outcome.message)
    assert remixed["ephemeral_for"] == member.id
    assert await prompt_in(member, remixed) == "film noir, an owl"


async def test_own_words_follow_each_prompt_once(bot: app.Bot, member: Member) -> None:
    await member.asks("settings suffix", text="soft light --steps 3")
    done = await member.imagine("a fox", steps=2)
    assert await prompt_in(member, done) == "a fox, soft light"
    [recent] = await member.autocomplete("imagine", {"prompt": "fo"}, focused="prompt")
    assert (recent["name"], recent["value"]) == ("a fox, soft light", "recent:1")
    again = await member.imagine(recent["value"], steps=2)
    assert await prompt_in(member, again) == "a fox, soft light"
    await member.asks("settings suffix", remove=True)
    assert await prompt_in(member, await member.imagine("a fox", steps=2)) == "a fox"


async def test_long_recent_prompts_are_suggested_short_and_drawn_whole(
    bot: app.Bot, member: Member, other: Member
) -> None:
    prompt = "a {braced} fox under " + "many old trees " * 20 + "at night"
    await member.imagine(prompt, steps=1)
    [recent] = await member.autocomplete("imagine", {"prompt": "old"}, focused="prompt")
    assert len(recent["name"]) == 100
    assert await prompt_in(member, await member.imagine(recent["value"], steps=1)) == prompt
    refusal = await other.slash("imagine", {"prompt": recent["value"]})
    assert "That prompt is no longer stored" in text_of(refusal.message or {})


async def test_a_letter_comes_when_a_picture_is_done_if_wanted(bot: app.Bot, member: Member, other: Member) -> None:
    await member.asks("settings notify", by="message")
    done, _ = await member.imagine("a castle"), await other.imagine("a boat")
    letter = await member.wait_for(lambda each: "Your picture is done" in each["content"])
    assert done["id"] in letter["content"]
    assert "a castle" in letter["content"]
    with pytest.raises(Exception, match="dm"):
        other.channel_id("dm")


async def test_permutations_are_all_drawn(bot: app.Bot, member: Member) -> None:
    await member.imagine("{red, blue} apple", steps=1)
    await member.wait_until(lambda: len([each for each in member.messages() if finished(each)]) == 2)
    prompts = {await prompt_in(member, each) for each in member.messages()}
    assert prompts == {"red apple", "blue apple"}


async def test_many_are_asked_about_first_with_their_cost(start: Start, member: Member, tmp_path: Path) -> None:
    await save_pace(tmp_path, 0.01)
    async with start():
        await member.imagine("a fox", steps=4)
        question = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=2, count=2)
        assert "This makes 6 requests" in text_of(question)
        assert "12 pictures, 24 steps in total, " in text_of(question)
        assert "until all are done" in text_of(question)
        dropped = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=2)
        await member.click(dropped, "Don't draw")
        await member.see(dropped, lambda each: "Nothing was drawn" in text_of(each))
    async with start():
        await member.click(question, "Draw all 6")

        def drawn() -> list[Message]:
            return [each for each in member.messages() if urls_of(each)]

        await member.wait_until(lambda: len([each for each in drawn() if finished(each)]) == 7)
        refusal = await member.click(question, "Draw all 6")
        assert "already answered" in text_of(refusal.message or {})


async def test_nobody_is_asked_about_what_is_refused_then(
    bot: app.Bot, member: Member, admin: Member, tmp_path: Path
) -> None:
    await admin.slash("server limits", {"daily_steps": 10})
    many = "{a, b, c} fox in {snow, rain}"
    assert "This needs 12 steps. You have 10 of 10 left" in text_of(await member.asks("imagine", prompt=many, steps=2))
    broken = File("look.png", b"no picture", "image/png")
    asked = await member.asks("imagine", prompt=many, steps=1, image=broken)
    refusal = await member.wait_for(lambda each: "I can't read that picture" in each["content"])
    assert refusal["ephemeral_for"] == member.id
    assert asked["id"] not in [each["id"] for each in member.messages()], "the question is taken back"
    assert rows_with(tmp_path, member) == ""


async def test_permutations_that_explode_are_refused_at_once(bot: app.Bot, member: Member) -> None:
    outcome = await member.asks("imagine", prompt="{a, b, c}" * 600)
    assert "more than 40 prompts" in outcome["content"]
    outcome = await member.asks("imagine", prompt="{a, b, c} {d, e, f} {g, h, i}")
    assert "This needs 27 places in the queue; you have 10 of 10 left." in outcome["content"]


async def test_models_are_listed(bot: app.Bot, member: Member) -> None:
    answer = await member.asks("models")
    first, pocket = answer["content"].splitlines()
    assert pocket == "- **pocket** (default): 128×128, 25 steps, guidance 5"
    assert first.endswith("pocket is a teaching toy that knows emoji-like things; the host can add a real model.")
    assert not answer["attachments"]


async def test_a_toy_beside_a_real_model_is_called_one(start: Start, member: Member) -> None:
    async with start(models=(replace(POCKET, name="real", source="somebody/real"), POCKET)):
        listed = (await member.asks("models"))["content"].splitlines()
    assert "toy" not in listed[0]
    assert [line.endswith("; a teaching toy that knows emoji-like things") for line in listed[1:]] == [False, True]


async def test_a_list_of_models_says_how_many_are_left_out(start: Start, member: Member) -> None:
    models = (POCKET, *(replace(POCKET, name=f"model {number}") for number in range(27)))
    async with start(models=models):
        answer = await member.asks("models")
        assert answer["content"].endswith("and 3 more")
        [file] = answer["attachments"]
        listed = (await member.download(file["url"])).decode().splitlines()
        assert [f"**{model.name}**" in line for model, line in zip(models, listed[1:], strict=True)] == [True] * 28


async def test_long_lists_of_models_and_styles_end_between_two_lines(start: Start, member: Member) -> None:
    models = (POCKET, *(replace(POCKET, name=f"{number} {'long ' * 7}") for number in range(30)))
    loras = tuple(LoraSpec(f"ink {number}", Path("ink.safetensors"), words="wet ink") for number in range(30))
    async with start(models=models, loras=loras):
        for number in range(25):
            name = f"{number:02} " + "_*" * 14
            kept = await member.asks("styles save", name=name, text="_*" * 100)
        for answer in (await member.asks("models"), kept):
            last = answer["content"].splitlines()[-1]
            assert len(answer["content"]) <= 2000
            assert re.fullmatch(r"-# and \d+ more", last)


async def test_all_of_ones_data_comes_as_a_file(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine("a castle", seed=7)
    await member.click(done, "⭐")
    await member.asks("styles save", name="noir", text="film noir")
    await other.imagine("a boat")
    answer = (await member.slash("me export")).message
    assert answer is not None
    whole = await member.see(answer, lambda each: bool(each["attachments"]))
    personal_data = ZipFile(BytesIO(await member.download(whole["attachments"][0]["url"])))
    data = json.loads(personal_data.read("data.json"))
    assert [request["settings"]["prompt"] for request in data["requests"]] == ["a castle"]
    assert data["requests"][0]["settings"]["seed"] == 7
    assert (data["favourites"], data["styles"]) == ([1], [{"name": "noir", "text": "film noir"}])
    assert "token" not in str(data)
    [picture] = [name for name in personal_data.namelist() if name.endswith(".png")]
    assert personal_data.read(picture) == await member.download(urls_of(done)[0])


async def test_whoever_is_forgotten_leaves_nothing(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, tmp_path: Path
) -> None:
    done = await member.imagine("a castle", seed=7)
    await other.click(done, "⭐")
    theirs = await other.press(done, "Re-roll")
    await member.asks("styles save", name="noir", text="film noir")
    pool.hold()
    underway = await member.start("a cat")
    await member.see_drawing(pool, underway)
    kept = await member.asks("me forget")
    await member.click(kept, "Keep everything")
    await member.see(kept, lambda each: "Nothing was deleted" in text_of(each))
    question = await member.asks("me forget")
    await member.click(question, "Delete everything")
    await member.see(question, lambda each: "Deleted 2 requests" in text_of(each))
    for message in (done, underway):
        await member.wait_until(lambda id=message["id"]: member.message(id) is None)  # type: ignore[misc]
    assert "a castle" not in rows_with(tmp_path, member)
    assert rows_with(tmp_path, member, but="forgotten_charges") == ""
    assert len(list((tmp_path / "data" / "pictures").rglob("*.png"))) == 1
    pool.release()
    assert finished(await other.press(theirs, "Re-roll"))
    refusal = await other.click(theirs, "Details")
    assert "a picture that no longer exists" in text_of(refusal.message or {})


async def test_what_cannot_be_removed_now_is_removed_at_the_next_start(
    start: Start, playground: Playground, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, shown = Images.remove, []

    async def fails_once(self: Images, name: str) -> None:
        monkeypatch.setattr(Images, "remove", remove)
        raise PermissionError(name)

    async with start():
        for prompt in ("a secret castle", "a secret boat"):
            shown.append(await member.imagine(prompt))
        monkeypatch.setattr(Images, "remove", fails_once)
        playground.fail_next("DELETE", "/channels/", 400)
        await member.click(await member.asks("me forget"), "Delete everything")
        await member.wait_until(lambda: [member.message(each["id"]) for each in shown].count(None) == 1)
        assert len(list((tmp_path / "data" / "pictures").rglob("*.png"))) == 1
        database = (tmp_path / "data").glob("noisefox.db*")
        assert not any(b"a secret" in file.read_bytes() for file in database)
    async with start():
        await member.wait_until(lambda: all(member.message(each["id"]) is None for each in shown))
    assert list((tmp_path / "data" / "pictures").rglob("*.png")) == []


async def test_pictures_one_gave_and_drafts_come_too_and_nobody_elses(
    bot: app.Bot, member: Member, other: Member
) -> None:
    done = await member.imagine("a castle", image=File("look.png", png((10, 200, 10)), "image/png"))
    await other.press(done, "Re-roll")
    await other.asks("imagine", prompt="{a, b, c, d, e} fox", steps=1)
    _, given = await exported(member)
    assert len(given) == 1
    assert Image.open(BytesIO(given[0])).getpixel((0, 0)) == (10, 200, 10)
    data, given = await exported(other)
    assert given == []
    assert member.id not in str(data["requests"]), "whose picture it was"
    assert data["drafts"][0]["prompts"] == ["a fox", "b fox", "c fox", "d fox", "e fox"]


def png(colour: tuple[int, int, int]) -> bytes:
    file = BytesIO()
    Image.new("RGB", (128, 128), colour).save(file, "PNG")
    return file.getvalue()


async def exported(person: Member) -> tuple[dict[str, Any], list[bytes]]:
    """The exported data of a person, and the pictures that they uploaded."""
    answer = (await person.slash("me export")).message
    assert answer is not None
    whole = await person.see(answer, lambda each: bool(each["attachments"]))
    personal_data = ZipFile(BytesIO(await person.download(whole["attachments"][0]["url"])))
    given = [personal_data.read(name) for name in personal_data.namelist() if name.startswith("inputs/")]
    return json.loads(personal_data.read("data.json")), given


def rows_with(folder: Path, member: Member, but: str = "") -> str:
    """All rows of one person, of every table that has any, but for one."""
    found: list[Any] = []
    with closing(sqlite3.connect(folder / "data" / "noisefox.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            if "user_id" in columns and table != but:
                found += database.execute(f"SELECT * FROM {table} WHERE user_id = ?", (int(member.id),))
    return "\n".join(map(str, found))
