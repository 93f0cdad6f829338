"""Blocked words are found wherever a prompt can come from, before anything is drawn."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot import app
from playground.client.person import File, Outcome
from playground.state.world import ART_ID, GENERAL_ID, MEMBER_ONE_ID, NSFW_ART_ID
from tests.journeys.conftest import Member, Start, finished, words_of
from tests.journeys.test_rules import refused, said

REFUSAL = "“fox” is blocked on this server."


@pytest.fixture
async def bot(start: Start, admin: Member) -> AsyncIterator[app.Bot]:
    async with start() as bot:
        await admin.slash("server words", {"blocked": "fox"})
        yield bot


def is_refused(outcome: Outcome, member: Member) -> bool:
    message = outcome.message
    return message is not None and message["ephemeral_for"] == member.id and REFUSAL in words_of(message)


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox",
        "a f.o.x",
        "a f o x",
        "a f\N{ZERO WIDTH SPACE}ox",
        "a f\N{CYRILLIC SMALL LETTER O}x",
        "a ＦＯＸ",
        "a fo()x",
        "a [f:ox:0.5]",
        "a (f)(ox:1.2)",
        "a {hen, f{o,}x}",
    ],
)
async def test_in_any_guise(bot: app.Bot, member: Member, prompt: str) -> None:
    assert REFUSAL in await refused(member, prompt=prompt)
    assert bot.dispatcher.line() == []


async def test_in_one_of_several_prompts(bot: app.Bot, member: Member) -> None:
    assert REFUSAL in await refused(member, prompt="a {red hen, red fox} in {snow, rain}")
    assert REFUSAL in await refused(member, prompt="a {hen, fox, dog, cat, cow, pig} in snow")
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []


async def test_in_styles_and_words_of_ones_own(bot: app.Bot, member: Member) -> None:
    await member.asks("styles save", name="sly", text="{prompt}, beside a fox")
    assert REFUSAL in await refused(member, prompt="a hen", style="sly")
    await member.slash("settings suffix", {"text": "with a fox"})
    assert REFUSAL in await refused(member, prompt="a hen")


async def test_in_what_is_asked_of_a_picture(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a hen")
    remix, start = await member.click(done, "Remix"), await member.menu("Start from this picture", done)
    for opened in (remix, start):
        outcome = await member.submit(opened.modal, {"prompt": "a fox"})
        assert is_refused(outcome, member)


async def test_in_other_commands(bot: app.Bot, member: Member) -> None:
    for command, options in (
        ("explain", {"prompt": "a fox"}),
        ("compare", {"prompt": "a fox", "parameter": "guidance", "values": "2, 3"}),
        ("seed", {"number": 7, "prompt": "a hen", "other": "a fox"}),
    ):
        assert REFUSAL in await said(member, command, options)
    picture = BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    files = {name: File("a.png", picture.getvalue(), "image/png") for name in ("first", "second")}
    assert REFUSAL in await said(member, "blend", {"prompt": "a fox", **files})


async def test_a_negative_prompt_may_hold_them(bot: app.Bot, member: Member) -> None:
    assert finished(await member.imagine("a hen", negative="fox"))
    assert REFUSAL in await refused(member, prompt="a hen", negative="(fox:-1)")


async def logged(admin: Member, person: int, place: int, what: str = "the word ||fox||") -> str:
    """The line of the log channel for an attempt."""
    told = f"<@{person}> asked for something blocked in <#{place}>: {what}"
    line = await admin.wait_for(lambda each: each["channel_id"] == str(NSFW_ART_ID) and each["content"] == told)
    return str(line["id"])


async def test_each_attempt_is_logged_without_its_prompt(bot: app.Bot, admin: Member, member: Member) -> None:
    done = await member.imagine("a hen")
    reacted = await member.imagine("a hound", channel="art")
    await admin.slash("server log", {"channel": NSFW_ART_ID})
    await refused(member, prompt="a fox in the secret garden", private=True)
    seen = {await logged(admin, MEMBER_ONE_ID, GENERAL_ID)}
    await refused(member, "art", prompt="a fox in the secret garden")
    seen.add(await logged(admin, MEMBER_ONE_ID, ART_ID))
    await admin.slash("server words", {"add": "hen"})
    await member.click(done, "Re-roll")
    seen.add(await logged(admin, MEMBER_ONE_ID, GENERAL_ID, "the word ||hen||"))
    form = (await member.click(done, "Remix")).modal
    await admin.slash("server words", {"add": "hound, cock"})
    await member.submit(form, {"prompt": "a cock"})
    seen.add(await logged(admin, MEMBER_ONE_ID, GENERAL_ID, "the word ||cock||"))
    await member.react(reacted, "🔁")
    seen.add(await logged(admin, MEMBER_ONE_ID, ART_ID, "the word ||hound||"))
    assert len(seen) == 5
    assert not any("secret" in each["content"] for each in admin.messages("nsfw-art"))


async def test_an_attempt_that_shows_after_the_acknowledgement_is_logged_too(
    bot: app.Bot, admin: Member, member: Member
) -> None:
    await admin.slash("server log", {"channel": NSFW_ART_ID})
    info, picture = PngInfo(), BytesIO()
    info.add_text("parameters", "a fox\nSteps: 4, Sampler: Euler, CFG scale: 5, Seed: 1, Size: 64x64")
    Image.new("RGB", (64, 64)).save(picture, "PNG", pnginfo=info)
    await member.slash("blend", {name: File("a.png", picture.getvalue(), "image/png") for name in ("first", "second")})
    await logged(admin, MEMBER_ONE_ID, GENERAL_ID)
    await member.wait_for(lambda each: REFUSAL in each["content"])


async def test_single_words_are_added_removed_and_shown(bot: app.Bot, admin: Member, member: Member) -> None:
    assert (await said(admin, "server words")).strip() == "Blocked words (1): ||fox||"
    added = await said(admin, "server words", {"add": "gore, FOX, two words"})
    assert added.strip().splitlines() == ["Saved.", "- Now blocked: ||gore, two words||"]
    removed = await said(admin, "server words", {"remove": "Fox", "add": "hen"})
    assert removed.strip().splitlines() == ["Saved.", "- Now blocked: ||hen||", "- No longer blocked: ||fox||"]
    assert (await said(admin, "server words")).strip() == "Blocked words (3): ||gore, two words, hen||"
    assert "“fox” isn't on the list." in await said(admin, "server words", {"remove": "hen, fox"})
    assert "They were blocked already." in await said(admin, "server words", {"add": "hen"})
    assert "not both" in await said(admin, "server words", {"blocked": "-", "add": "hen"})
    suggested = await admin.autocomplete("server words", {"remove": "o w"}, focused="remove")
    assert [each["value"] for each in suggested] == ["two words"]
    assert (await said(admin, "server words")).strip() == "Blocked words (3): ||gore, two words, hen||"
    await member.imagine("a fox")


async def test_named_people(bot: app.Bot, admin: Member, member: Member) -> None:
    assert "No people are blocked." in await said(admin, "server people")
    await admin.slash("server log", {"channel": NSFW_ART_ID})
    assert "Now blocked: ||Jane van Doe, Zoe||" in await said(admin, "server people", {"add": "Jane van Doe, Zoe"})
    assert "Blocked people (2): ||Jane van Doe, Zoe||" in await said(admin, "server show")
    for prompt in ("Jane van Doe rides", "van doe, jane", "a JaneVanDoe", "(Jane) [van:Doe:0.5]"):
        assert "Pictures of Jane van Doe are blocked on this server." in await refused(member, prompt=prompt)
        await logged(admin, MEMBER_ONE_ID, GENERAL_ID, "the person ||Jane van Doe||")
    await member.imagine("Jane and a doe")
    await member.imagine("a hen", negative="Jane van Doe")
    await admin.slash("server people", {"remove": "jane van doe"})
    await member.imagine("Jane van Doe")
    assert (await said(admin, "server people")).strip() == "Blocked people (1): ||Zoe||"
