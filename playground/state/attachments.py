"""Attachments of messages and interactions."""

import io
import mimetypes
import re
import struct
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

from playground.errors import Json
from playground.state.store import Store


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body."""

    filename: str
    data: bytes
    content_type: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A stored file. Width and height are in pixels, None when it isn't an image."""

    id: int
    channel_id: int
    filename: str
    size: int
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False


def safe_filename(name: str) -> str:
    """Return the name Discord gives an uploaded file: letters, digits, dots, dashes and underscores."""
    name = re.sub(r"\s", "_", name.rsplit("/", 1)[-1])
    return re.sub(r"[^\w.\-]", "", name) or "unknown"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height in pixels from an image's header. None when it isn't an image."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def without_metadata(data: bytes) -> bytes:
    """Remove the EXIF, XMP, IPTC and comment segments of a JPEG, as Discord does, and turn the picture first as its
    EXIF says. Other files stay as they are."""
    if not data.startswith(b"\xff\xd8"):
        return data
    data = _turned(data)
    clean, at = bytearray(data[:2]), 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] not in (0xE1, 0xED, 0xFE):
            clean += data[at:end]
        at = end
    return bytes(clean) + data[at:]


def _turned(data: bytes) -> bytes:
    """A JPEG with its pixels turned as its EXIF says; one that needs no turning, or cannot be read, as it is."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.getexif().get(Base.Orientation, 1) == 1:
                return data
            turned = io.BytesIO()
            ImageOps.exif_transpose(image).save(turned, "JPEG", quality=95, icc_profile=image.info.get("icc_profile"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError):
        return data
    return turned.getvalue()


class Attachments:
    """All attachments by id."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tells_types = True
        """Whether new attachments have a content type; those of some clients have none."""
        self._attachments = {id: Attachment(**document) for id, document in store.all("attachment").items()}

    def _put(self, attachment: Attachment) -> Attachment:
        self._attachments[attachment.id] = attachment
        self._store.put("attachment", attachment.id, asdict(attachment))
        return attachment

    def save(
        self,
        upload: Upload,
        channel_id: int,
        *,
        filename: str | None = None,
        description: str | None = None,
        ephemeral: bool = False,
    ) -> Attachment:
        """Save an upload under a new id."""
        name = safe_filename(filename or upload.filename)
        data = without_metadata(upload.data)
        size = image_size(data)
        declared = None if upload.content_type == "application/octet-stream" else upload.content_type
        attachment = Attachment(
            id=self._store.next_snowflake(),
            channel_id=channel_id,
            filename=name,
            size=len(data),
            content_type=mimetypes.guess_type(name)[0] or declared if self.tells_types else None,
            width=size[0] if size else None,
            height=size[1] if size else None,
            description=description,
            ephemeral=ephemeral,
        )
        self._store.write_file(attachment.id, data)
        return self._put(attachment)

    def describe(self, attachment: Attachment, description: str | None) -> Attachment:
        """Change the description, which is the alt text."""
        return self._put(replace(attachment, description=description))

    def get(self, id: int) -> Attachment | None:
        """Return the attachment with this id, None when there is none."""
        return self._attachments.get(id)

    def get_all(self, ids: Iterable[int]) -> list[Attachment]:
        """Return the attachments with these ids, without unknown ones."""
        return [self._attachments[id] for id in ids if id in self._attachments]

    def read(self, attachment: Attachment) -> bytes:
        """Return the bytes of an attachment."""
        return self._store.read_file(attachment.id)


def attachment_object(attachment: Attachment, url: str) -> Json:
    """Write Discord's attachment object, with `url` as the link to the bytes."""
    document: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": attachment.size,
        "url": url,
        "proxy_url": url,
        "content_type": attachment.content_type,
        "flags": 0,
    }
    if attachment.width is not None:
        document |= {"width": attachment.width, "height": attachment.height}
    if attachment.description:
        document["description"] = attachment.description
    if attachment.ephemeral:
        document["ephemeral"] = True
    return document
