"""Menus on messages whose picture is not a plain attachment."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot import app
from playground import Playground
from playground.client.person import File
from playground.state.attachments import Upload
from playground.state.message import COMPONENTS_V2
from playground.state.world import ART_ID, GENERAL_ID, MEMBER_TWO_ID
from tests.journeys.conftest import Member, Message, text_of
from tests.journeys.test_menus import picture

LINK = "attachment://look.png"
MEDIA = {"media": {"url": LINK}}
PAYLOADS: dict[str, dict[str, Any]] = {
    "an embed": {"embeds": [{"title": "look", "image": {"url": LINK}}]},
    "a link preview": {"embeds": [{"type": "image", "url": "https://example.org/look", "thumbnail": {"url": LINK}}]},
    "a gallery": {"flags": COMPONENTS_V2, "components": [{"type": 12, "items": [MEDIA]}]},
    "a gallery in a container": {
        "flags": COMPONENTS_V2,
        "components": [{"type": 17, "components": [{"type": 12, "items": [MEDIA]}]}],
    },
    "a thumbnail": {
        "flags": COMPONENTS_V2,
        "components": [
            {"type": 9, "components": [{"type": 10, "content": "look"}], "accessory": {"type": 11, **MEDIA}}
        ],
    },
    "a file": {"flags": COMPONENTS_V2, "components": [{"type": 13, "file": {"url": LINK}}]},
}


def posted(playground: Playground, payload: dict[str, Any]) -> Any:
    """A message of somebody else in #general."""
    uploads = {0: Upload("look.png", picture(), "image/png")}
    return playground.messages.create(GENERAL_ID, MEMBER_TWO_ID, payload, uploads)


async def use_both_menus(member: Member, message: Message) -> None:
    shown = (await member.menu("Show settings", message)).message
    assert shown is not None
    assert "a red apple" in text_of(shown)
    modal = (await member.menu("Start from this picture", message)).modal
    values = {"prompt": "a boat", "flags": "--steps 3 --strength 0.5"}
    outcome = await member.submit(modal, values)
    assert outcome.message is not None
    await member.see_finished(outcome.message)


@pytest.mark.parametrize("kind", PAYLOADS)
@pytest.mark.parametrize("is_forward", [False, True], ids=["itself", "forwarded"])
async def test_the_picture_is_found(
    bot: app.Bot, playground: Playground, member: Member, kind: str, is_forward: bool
) -> None:
    message = posted(playground, PAYLOADS[kind])
    if is_forward:
        message = playground.messages.forward(message, ART_ID, MEMBER_TWO_ID)
    await use_both_menus(member, await member.wait_for(lambda each: each["id"] == str(message.id)))


async def test_a_file_without_a_content_type_is_known_by_its_ending(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.withhold_content_types()
    await use_both_menus(member, await member.post("LOOK.PNG", picture(), "image/png"))
    refused = (await member.menu("Show settings", await member.post("notes.txt", b"hello", "text/plain"))).message
    assert refused is not None
    assert "has no picture" in text_of(refused)


async def test_a_forward_of_words_has_no_picture(bot: app.Bot, playground: Playground, member: Member) -> None:
    said = playground.messages.create(GENERAL_ID, MEMBER_TWO_ID, {"content": "hello"}, {})
    forward = playground.messages.forward(said, ART_ID, MEMBER_TWO_ID)
    seen = await member.wait_for(lambda each: each["id"] == str(forward.id))
    answer = (await member.menu("Show settings", seen)).message
    assert answer is not None
    assert "has no picture" in text_of(answer)


async def test_an_option_takes_a_file_without_a_content_type(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.withhold_content_types()
    await member.imagine("a boat", image=File("look.png", picture()))


def saved(kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "name", "content_type"),
    [("GIF", "a.gif", "image/gif"), ("BMP", "a.bmp", "image/bmp"), ("TIFF", "a.tif", "image/tiff")],
)
async def test_a_format_that_is_not_read_is_named_before_the_form(
    bot: app.Bot, playground: Playground, member: Member, kind: str, name: str, content_type: str
) -> None:
    sentence = f"I can't read {kind}. Use PNG, JPEG, WebP or AVIF."
    posted_one = await member.post(name, saved(kind), content_type)
    for outcome in (
        await member.menu("Start from this picture", posted_one),
        await member.menu("Use these settings", posted_one),
        await member.slash("imagine", {"prompt": "a boat", "image": File(name, saved(kind), content_type)}),
    ):
        assert outcome.modal is None
        assert outcome.message is not None
        assert text_of(outcome.message).count(sentence) == 1
    playground.withhold_content_types()
    refused = await member.menu("Start from this picture", await member.post(name, saved(kind), content_type))
    assert refused.modal is None


async def test_the_picture_that_can_be_read_is_found_beside_one_that_cannot(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    uploads = {0: Upload("a.gif", saved("GIF"), "image/gif"), 1: Upload("look.png", picture(), "image/png")}
    message = playground.messages.create(GENERAL_ID, MEMBER_TWO_ID, {"content": "two"}, uploads)
    await use_both_menus(member, await member.wait_for(lambda each: each["id"] == str(message.id)))
