"""Menus on messages whose picture is not a plain attachment."""

from typing import Any

import pytest

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
