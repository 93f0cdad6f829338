"""Characters and looks. Member one is an artist; member two is not; the admin manages the server."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot import app
from bot.config import HOST_LIMITS
from generation.catalogue import POCKET, ModelSpec
from generation.jobs import Draw
from generation.loras import LoraSpec
from playground.state.world import ARTISTS_ROLE_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, finished, text_of, urls_of, words_of
from tests.journeys.test_blend import WEIGHTS, picture
from tests.journeys.test_checks import covered
from tests.journeys.test_commands import rows_with
from tests.journeys.test_result import settings_in
from tests.journeys.test_rules import said

SEEING = replace(POCKET, name="seeing", ip_adapter="someone/adapter/adapter.safetensors")
LORAS = (LoraSpec("ink", WEIGHTS),)

NOT_YOURS = "This picture was drawn with a look or a picture that you can't use. Start anew with /imagine."


def unknown(name: str) -> str:
    return f"There's no look “{name}” that you can use here. See /look list."


@pytest.fixture
def klein(tmp_path: Path) -> ModelSpec:
    """A model that looks at pictures, as far as its files tell."""
    (tmp_path / "klein").mkdir()
    (tmp_path / "klein" / "model_index.json").write_text(json.dumps({"_class_name": "Flux2KleinPipeline"}))
    return ModelSpec("klein", str(tmp_path / "klein"), width=64, height=64, steps=2)


@pytest.fixture
def several(start: Start, klein: ModelSpec) -> AbstractAsyncContextManager[app.Bot]:
    return start(models=(SEEING, POCKET, klein), loras=LORAS)


async def save(member: Member, name: str, *colours: str, channel: str = "general", **options: Any) -> str:
    """Save a look with plain pictures; what is said of that."""
    places = ("picture", "second_picture", "third_picture", "fourth_picture")
    given = {place: picture(colour, 64, 64) for place, colour in zip(places, colours, strict=False)}
    outcome = await member.slash("look save", {"name": name, **given, **options}, channel)
    assert outcome.message is not None, outcome
    return words_of(await member.see(outcome.message, lambda each: bool(each["content"] or each["components"])))


async def names(member: Member, command: str = "imagine", option: str = "look", channel: str = "general") -> list[str]:
    typed = {"prompt": "a fox", option: ""} if command == "imagine" else {option: ""}
    return [each["value"] for each in await member.autocomplete(command, typed, option, channel)]


async def drawn(member: Member, pool: FakePool, prompt: str, **options: Any) -> tuple[Message, Draw]:
    """The message of a picture, and what the pool was given for it."""
    pool.hold()
    message = await member.start(prompt, **options)
    task = await given(pool)
    return await member.see_finished(message), task


async def given(pool: FakePool) -> Draw:
    await pool.until_at_work()
    [job] = pool.at_work.values()
    assert isinstance(job.task, Draw)
    pool.release()
    return job.task


async def test_a_look_of_ones_own_and_what_a_picture_keeps_of_it(
    several: AbstractAsyncContextManager[app.Bot], member: Member, admin: Member, pool: FakePool
) -> None:
    async with several:
        assert "**Mia** · a red scarf · only you" in await save(member, "Mia", "red", "blue", words="a red scarf")
        await save(member, "rain", "green", channel="dm")
        assert await names(member) == ["Mia", "rain"]
        offered = await member.autocomplete("imagine", {"prompt": "a fox", "look": "mia:0.8, "}, "look")
        assert [each["value"] for each in offered] == ["mia:0.8, rain"]
        prompt = "a {fox|fox} --look mia:0.8 --seed 7"
        done, task = await drawn(member, pool, prompt, look="rain:0.5")
        assert task.inputs.roles == ["image_prompt", "second", "third"]
        assert task.weights == (0.5, 0.4, 0.4), "two pictures share the weight of one look"
        assert "Mia" not in text_of(done)
        assert "mia" not in text_of(done)
        first = await settings_in(member, done)
        assert first.prompt == "a fox, a red scarf"
        await admin.slash("server nsfw", {"policy": "block"})
        assert covered(await member.looks_up("look show", name="MIA")) == [True, True]
        await admin.slash("server nsfw", {"policy": "off"})
        shown = await member.looks_up("look show", name="MIA")
        assert covered(shown) == [False, False]
        assert "a red scarf" in words_of(shown)
        assert len(urls_of(shown)) == 2
        await save(member, "mia", "black", words="a hat")
        assert "Deleted: **rain** · only you" in await said(member, "look delete", {"name": "rain"})
        assert await names(member, "look delete", "name") == ["mia"]
        pool.hold()
        again = (await member.click(done, "Re-roll")).message
        assert again is not None
        assert (await given(pool)).inputs == task.inputs, "as it was drawn, whatever has become of the looks"
        assert (await settings_in(member, await member.see_finished(again))).prompt == "a fox, a red scarf"
        exported = await member.asks("me export")
        files = (await member.see(exported, lambda each: bool(each["attachments"])))["attachments"]
        with ZipFile(BytesIO(await member.download(files[0]["url"]))) as archive:
            document = json.loads(archive.read("data.json"))
            [look] = document["looks"]
            assert (look["name"], look["words"]) == ("mia", "a hat")
            assert set(look["files"]) <= set(archive.namelist())
            assert len(archive.namelist()) == 1 + 2 + 4, "two pictures, and four of looks"


async def test_nobody_uses_or_finds_a_look_that_they_may_not_see(
    several: AbstractAsyncContextManager[app.Bot], member: Member, other: Member, admin: Member, pool: FakePool
) -> None:
    async with several:
        await save(member, "mine", "red")
        assert f"**crew** · <@&{ARTISTS_ROLE_ID}>" in await save(member, "crew", "blue", role=str(ARTISTS_ROLE_ID))
        done, _ = await drawn(member, pool, "a fox", look="mine")
        crew, _ = await drawn(member, pool, "a fox --look crew")
        for name in ("mine", "crew", "nothing"):
            for path, options in (
                ("imagine", {"prompt": f"a fox --look {name}"}),
                ("imagine", {"prompt": "a {fox, hen, cat, dog, owl}", "look": f"{name}:0.5"}),
                ("imagine", {"prompt": "a fox", "look": name, "image": picture("red")}),
                ("compare", {"prompt": f"a fox —look {name}", "parameter": "steps"}),
                ("look show", {"name": name}),
                ("look delete", {"name": name}),
            ):
                assert unknown(name) in await said(other, path, options), (path, options)
        for command, option in (("imagine", "look"), ("look show", "name"), ("look delete", "name")):
            assert await names(other, command, option) == []
        assert "none yet" in await said(other, "look list")
        for message in (done, crew):
            for label in ("Re-roll", "Vary"):
                assert NOT_YOURS in text_of((await other.click(message, label)).message or {})
            for prompt, refusal in (("a hen", NOT_YOURS), ("a hen --look mine", "`--look` doesn't work here.")):
                form = (await other.click(message, "Remix")).modal
                assert refusal in text_of((await other.submit(form, {"prompt": prompt})).message or {})
        assert finished(await member.press(crew, "Re-roll"))
        assert "already" not in await save(other, "crew", "green"), "its name tells nothing"
        assert await names(admin, "look delete", "name") == ["crew"], "managers see what the server shares"
        assert "which you can delete as a manager:\n- **crew**" in await said(admin, "look list")
        assert "only work on other servers:\n- **crew**" in await said(member, "look list", channel="dm")
        assert f"Deleted: **crew** · <@&{ARTISTS_ROLE_ID}> · by <@{member.id}>" in await said(
            admin, "look delete", {"name": "crew"}
        )
        assert unknown("mine") in await said(admin, "look show", {"name": "mine"})
        assert await names(member) == ["mine"]


async def test_a_question_that_waits_asks_again_who_may_use_the_look(
    several: AbstractAsyncContextManager[app.Bot], member: Member, other: Member
) -> None:
    async with several:
        await save(member, "ours", "red", visible_to="server")
        prompt = "a {fox, hen, cat, dog, owl} --look ours"
        question = (await other.slash("imagine", {"prompt": prompt})).message
        assert question is not None
        await said(member, "look delete", {"name": "ours"})
        assert unknown("ours") in text_of((await other.click(question, "Draw all 5")).message or {})


async def test_the_server_says_who_saves_looks_and_the_host_how_many(
    start: Start, member: Member, other: Member, admin: Member
) -> None:
    async with start(models=(SEEING,), limits=replace(HOST_LIMITS, looks=2, server_looks=1)):
        await admin.slash("server allow", {"looks": ARTISTS_ROLE_ID})
        assert f"Roles that can save looks: <@&{ARTISTS_ROLE_ID}>" in await said(admin, "server show")
        assert "You need another role to save looks on this server." in await save(other, "a", "red")
        assert "everybody here" in await save(member, "Fox", "red", visible_to="server")
        assert "already has a look called “fox”" in await save(admin, "fox", "red", visible_to="server")
        assert "This server already has 1 look, the maximum." in await save(admin, "hen", "red", visible_to="server")
        assert "**cat**" in await save(member, "cat", "red")
        assert "You already have 2 looks" in await save(member, "owl", "red")
        changed = await save(member, "fox", words="a fox", visible_to="server")
        assert changed == "Changed. **fox** · a fox · everybody here", "in place of the old one"
        assert len(urls_of(await other.looks_up("look show", name="fox"))) == 1, "with its picture"
        assert f"by <@{member.id}>" in await said(other, "look list")
        await save(admin, "zebra", "red")
        assert "here:\n- **zebra** · only you\n- **fox**" in await said(admin, "look list"), "one's own come first"
        assert "no server here" in await save(admin, "a", "red", channel="dm", visible_to="server")
        assert "needs a picture or a LoRA" in await said(admin, "look save", {"name": "a", "words": "b"})
        assert "can't have a colon" in await save(admin, "a:b", "red")
        assert "can't have a colon" in await save(admin, "fox —seed", "red")
        assert "can't have flags" in await save(admin, "a", "red", words="a --seed 7")
        for words in ("{red|blue} hat", "{a, b}", "a __colour__ hat"):
            assert "always drawn as they are" in await save(admin, "a", "red", words=words)
        await admin.slash("server words", {"add": "gore"})
        assert "“gore” is blocked on this server." in await save(member, "fox", words="g0re", visible_to="server")
        assert "“8”" in await said(admin, "imagine", {"prompt": "a fox --look 8"})
        assert "between 0 and 1" in await said(admin, "imagine", {"prompt": "a fox --look fox:8"})


async def test_each_model_uses_of_a_look_what_it_can(
    several: AbstractAsyncContextManager[app.Bot], member: Member, pool: FakePool
) -> None:
    async with several:
        await save(member, "mia", "red", "blue", words="a red scarf", lora="Ink")
        await save(member, "wordless", "green")
        done, task = await drawn(member, pool, "a fox", look="mia:0.1, wordless", model="klein")
        assert task.inputs.roles == ["image_prompt", "second", "third"]
        assert "Weights of looks were ignored" in words_of(done)
        done, task = await drawn(member, pool, "a fox --look mia", model="klein", image=picture("red"))
        assert task.inputs.roles == ["image", "image_prompt", "second"]
        done, task = await drawn(member, pool, "a fox --look mia:0.7", model="pocket")
        assert task.inputs.roles == []
        assert (await settings_in(member, done)).prompt == "a fox, a red scarf <lora:ink:0.7>"
        refusal = await said(member, "imagine", {"prompt": "a fox --look wordless", "model": "pocket"})
        assert "pocket can't use the look “wordless”" in refusal
        refusal = await said(
            member, "compare", {"prompt": "a fox", "look": "mia", "parameter": "model", "values": "seeing, pocket"}
        )
        assert "pocket doesn't support pictures as prompts" in refusal
        await save(member, "hat", "red", words="a hat")
        done, _ = await drawn(member, pool, "a fox --look hat", model="pocket")
        assert "only the words of the look were added" in words_of(done)
        done, task = await drawn(member, pool, "a fox", look="mia, wordless, hat", model="klein", image=picture("red"))
        assert task.inputs.roles == ["image", "image_prompt", "second", "third"]
        assert "the first 3 were used" in words_of(done)


async def test_forgetting_takes_the_pictures_of_looks_from_everybodys_requests(
    several: AbstractAsyncContextManager[app.Bot], member: Member, other: Member, pool: FakePool, tmp_path: Path
) -> None:
    async with several:
        await save(member, "ours", "red", visible_to="server")
        done, _ = await drawn(other, pool, "a fox --look ours")
        assert finished(await other.press(done, "Re-roll"))
        question = await member.asks("me forget")
        await member.click(question, "Delete everything")
        await member.see(question, lambda each: "Deleted 0 requests" in text_of(each))
        assert NOT_YOURS in text_of((await other.click(done, "Re-roll")).message or {})
        assert not list((tmp_path / "data" / "pictures" / "inputs").rglob("*.png"))
        assert rows_with(tmp_path, member) == ""
        assert finished(await other.press(done, "Upscale ×2"))
