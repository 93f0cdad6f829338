"""Files that people give with a command or in a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.interactions.message_pictures import is_picture
from generation import image_formats
from generation.images import UPLOAD_BYTES, UnreadFormat, UnusableImage


@dataclass(frozen=True, slots=True)
class GivenFile:
    """An uploaded file, as Discord describes it, like `discord.Attachment`."""

    url: str
    filename: str
    size: int
    content_type: str | None = None


def of_ids(ids: Sequence[str], resolved: Mapping[str, Any]) -> list[GivenFile]:
    """The files with some ids among the `resolved` data of an interaction."""
    attachments = resolved.get("attachments") or {}
    return [
        GivenFile(each["url"], each["filename"], each["size"], each.get("content_type"))
        for each in (attachments[name] for name in ids)
    ]


def picture_url(attachment: discord.Attachment | GivenFile) -> str:
    """The address of a given picture. Raises `UnusableImage` where its type or size shows that it cannot be used."""
    if not is_picture(attachment.content_type, attachment.filename):
        raise UnusableImage("That file isn't a picture. Attach a PNG, JPEG or WebP file.")
    if unread := image_formats.unread(attachment.content_type, attachment.filename):
        raise UnreadFormat(unread)
    if attachment.size > UPLOAD_BYTES:
        raise UnusableImage("The file is larger than {most} MiB. Save the picture smaller.", most=UPLOAD_BYTES // 2**20)
    return attachment.url
