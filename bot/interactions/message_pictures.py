"""Finds the picture in a message: a file, a gallery, an embed, a link's preview, or a forward of any of these."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import discord

from bot.errors import Refusal
from generation import image_formats
from generation.images import UPLOAD_BYTES, UnreadFormat, UnusableImage

METADATA_FILE_BYTES = 25 * 2**20
"""Larger files are not read for their metadata."""

_ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff"}
)
_UNTOLD = (None, "", "application/octet-stream")
"""Content types that say nothing; the ending of the name counts then."""


@dataclass(frozen=True, slots=True)
class PostedPicture:
    """A picture of a message. `url` is on one of Discord's hosts; `size` is in bytes, 0 where it is not known."""

    url: str
    size: int = 0
    unread: str = ""
    """The name of its format where that is not read."""

    def check_size(self) -> None:
        """Raise `UnusableImage` for a file that is too large to start from."""
        if self.size > UPLOAD_BYTES:
            raise UnusableImage(
                "The file is larger than {most} MiB. Save the picture smaller.", most=UPLOAD_BYTES // 2**20
            )


def picture_in(message: discord.Message) -> PostedPicture:
    """The first picture of a message that can be read. Raises `UnreadFormat` where none can, and `Refusal` where there
    is none."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    pictures = [each for part in parts for each in _pictures(part) if each.size <= METADATA_FILE_BYTES]
    for picture in pictures:
        if not picture.unread:
            return picture
    if pictures:
        raise UnreadFormat(pictures[0].unread)
    raise Refusal("This message has no picture that I can read.")


def _pictures(message: discord.Message | discord.MessageSnapshot) -> Iterator[PostedPicture]:
    for attachment in message.attachments:
        if is_picture(attachment.content_type, attachment.filename):
            yield _posted(attachment.url, attachment.size, attachment.content_type, attachment.filename)
    yield from _in_components(message.components)
    for embed in message.embeds:
        for media in (embed.image, embed.thumbnail):
            if address := media.proxy_url or media.url:
                yield _posted(address, 0, None, urlsplit(address).path)


def _in_components(components: Sequence[Any]) -> Iterator[PostedPicture]:
    """The pictures of galleries, thumbnails and files, at any depth."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                media = [item.media for item in component.items]
            case discord.ThumbnailComponent() | discord.FileComponent():
                media = [component.media]
            case discord.SectionComponent():
                yield from _in_components([component.accessory])
                continue
            case _:
                yield from _in_components(getattr(component, "children", ()))
                continue
        size = getattr(component, "size", None) or 0
        for each in filter(_shows_picture, media):
            yield _posted(_address(each), size, each.content_type, urlsplit(each.url).path)


def _posted(url: str, size: int, content_type: str | None, name: str) -> PostedPicture:
    return PostedPicture(url, size, image_formats.unread(content_type, name))


def _address(media: discord.UnfurledMediaItem) -> str:
    """The file itself where it is Discord's, else Discord's copy of a file from elsewhere."""
    return media.url if media.attachment_id else media.proxy_url or media.url


def _shows_picture(media: discord.UnfurledMediaItem) -> bool:
    name = urlsplit(media.url).path
    return is_picture(media.content_type, name) or (media.content_type is None and not PurePosixPath(name).suffix)


def is_picture(content_type: str | None, name: str) -> bool:
    """True for the content type of a picture; where that says nothing, for the ending of a picture's name."""
    if content_type in _UNTOLD:
        return PurePosixPath(name).suffix.lower() in _ENDINGS
    return (content_type or "").startswith("image/")
