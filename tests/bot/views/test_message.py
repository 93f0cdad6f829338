"""Files of a message carry the alt text that their view gives them."""

import pytest
from discord import ui

from bot.views.message import ALT_TEXT, ATTACHED, MessageContent, files_of, framed, gallery


def descriptions(content: MessageContent) -> list[str | None]:
    return [file.description for file in files_of(content)]


def test_pictures_of_a_gallery_have_one_each_or_share_one() -> None:
    files = {"a.png": b"a", "b.png": b"b"}
    assert descriptions(MessageContent(framed([gallery(list(files), "one", "two")]), files)) == ["one", "two"]
    assert descriptions(MessageContent(framed([gallery(list(files), "both")]), files)) == ["both", "both"]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        gallery(list(files), "one", "two", "three")


def test_thumbnails_and_hidden_pictures_have_one() -> None:
    thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(f"{ATTACHED}a.jpg", description="a fox")
    section: ui.Section[ui.LayoutView] = ui.Section("text", accessory=thumbnail)
    hidden = gallery(["SPOILER_b.png"], "an owl")
    view = framed([section, hidden])
    assert descriptions(MessageContent(view, {"a.jpg": b"a", "SPOILER_b.png": b"b"})) == ["a fox", "an owl"]


def test_a_plain_file_has_that_of_its_message_and_none_is_too_long_for_discord() -> None:
    view = framed([ui.File(f"{ATTACHED}a.png")])
    assert descriptions(MessageContent(view, {"a.png": b"a"}, "a fox")) == ["a fox"]
    assert descriptions(MessageContent(view, {"a.png": b"a"})) == [None]
    [long] = descriptions(MessageContent(view, {"a.png": b"a"}, "x" * 6000))
    assert long is not None
    assert len(long) == ALT_TEXT
