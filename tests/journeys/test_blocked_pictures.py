"""Pictures that a server has blocked, by their fingerprints: nobody starts from them there."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot import app
from playground.client.person import File
from playground.state.world import ART_ID, GENERAL_ID, MEMBER_ONE_ID, NSFW_ART_ID
from tests.journeys.conftest import Member, Start, filled, words_of

DOCS = Path(__file__).parents[2] / "docs"
REFUSAL = "This picture is blocked on this server. Choose another one."


def picture(name: str = "fox-girl", kind: str = "PNG", width: int = 400) -> File:
    """One of the pictures of the docs, saved in some other way."""
    file = BytesIO()
    with Image.open(DOCS / f"explain-{name}-steps.webp") as image:
        image.convert("RGB").resize((width, width * image.height // image.width)).save(file, kind)
    return File(f"{name}.{kind.lower()}", file.getvalue(), f"image/{kind.lower()}")


async def block(admin: Member, **options: object) -> str:
    """The answer to /server pictures."""
    return words_of(await admin.looks_up("server pictures", **options))


def is_refusal(message: dict[str, object]) -> bool:
    return REFUSAL in str(message["content"])


@pytest.mark.parametrize(("kind", "width"), [("JPEG", 200), ("WEBP", 640)])
async def test_a_blocked_picture_is_refused_and_logged_however_it_was_saved(
    bot: app.Bot, admin: Member, member: Member, kind: str, width: int
) -> None:
    await admin.slash("server log", {"channel": NSFW_ART_ID})
    assert "- Now blocked: fox-girl" in await block(admin, add=picture())
    given = picture(kind=kind, width=width)
    await member.slash("imagine", {"prompt": "a secret", "image": given, "private": True})
    await member.wait_for(is_refusal)
    told = f"<@{MEMBER_ONE_ID}> asked for something blocked in <#{GENERAL_ID}>: the picture ||fox-girl||"
    await admin.wait_for(lambda each: each["content"] == told)
    assert (await bot.generations.of_user(MEMBER_ONE_ID)).generations[0].pictures == ()
    await member.imagine(image=picture("apple"))
    await member.imagine(channel="dm", image=given)


async def test_in_blends_menus_and_questions_too(bot: app.Bot, admin: Member, member: Member) -> None:
    await block(admin, add=picture(), name="foxes")
    seen = set()

    async def see_refusal() -> None:
        found = await member.wait_for(lambda each: is_refusal(each) and each["id"] not in seen)
        seen.add(found["id"])

    await member.slash("blend", {"first": picture("apple"), "second": picture()})
    await see_refusal()
    await member.slash("imagine", {"prompt": "a {1, 2, 3, 4, 5} fox", "image": picture()})
    await see_refusal()
    given = picture()
    posted = await member.post(given.name, given.data, given.content_type)
    opened = await member.menu("Start from this picture", posted)
    await member.submit(opened.modal, {"prompt": "a fox"})
    await see_refusal()


async def test_in_looks_that_were_saved_before_or_elsewhere(bot: app.Bot, admin: Member, member: Member) -> None:
    async def saved(name: str, channel: str = "general") -> str:
        outcome = await member.slash("look save", {"name": name, "picture": picture(), "words": "a fox"}, channel)
        assert outcome.message is not None
        return words_of(await member.see(outcome.message, filled))

    await saved("early")
    await block(admin, add=picture())
    assert REFUSAL in await saved("late")
    assert "**dm**" in await saved("dm", channel="dm")
    for name in ("early", "dm"):
        refused = (await member.slash("imagine", {"prompt": "a hen", "look": name})).message
        assert refused is not None
        assert is_refusal(refused)
    await member.imagine("a hen --look early", channel="dm")


async def test_they_are_shown_and_removed(start: Start, admin: Member, member: Member) -> None:
    async with start():
        assert "No pictures are blocked." in await block(admin)
        await admin.slash("server log", {"channel": ART_ID})
        await block(admin, add=picture(), name="the foxes")
        await admin.wait_for(lambda each: "blocked the picture the foxes" in each["content"])
        await block(admin, add=picture("apple"))
    async with start():
        assert "Blocked pictures: apple, the foxes" in await block(admin)
        suggested = await admin.autocomplete("server pictures", {"remove": "fox"}, focused="remove")
        assert [each["value"] for each in suggested] == ["the foxes"]
        assert "“pears” isn't on the list." in await block(admin, remove="pears")
        assert "No longer blocked: the foxes" in await block(admin, remove="the foxes")
        await member.imagine(image=picture())
        question = await admin.asks("server reset")
        assert "- Blocked pictures: apple" in words_of(question)


async def test_what_cannot_be_blocked(bot: app.Bot, admin: Member) -> None:
    plain = BytesIO()
    Image.new("RGB", (64, 64), "red").save(plain, "PNG")
    assert "too plain" in await block(admin, add=File("red.png", plain.getvalue(), "image/png"))
    assert "isn't a picture" in await block(admin, add=File("a.txt", b"fox", "text/plain"))
    assert "I can't read that picture." in await block(admin, add=File("a.png", b"fox", "image/png"))
    assert "not both" in await block(admin, add=picture(), remove="x")
    assert "Choose at least one option." in await block(admin, name="x")
    assert "No pictures are blocked." in await block(admin)
