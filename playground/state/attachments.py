"""Files that came with messages and interactions."""

import io
import mimetypes
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from PIL import Image, UnidentifiedImageError

from playground.errors import Json
from playground.state.snowflakes import Snowflakes
from playground.state.store import Store


@dataclass(frozen=True)
class Upload:
    """A file as it arrived in a multipart body."""

    filename: str
    data: bytes
    content_type: str | None = None


@dataclass(frozen=True)
class Attachment:
    """What is known of a stored file. Width and height are in pixels and None for what is not an image."""

    id: int
    channel_id: int
    filename: str
    size: int
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False

    @property
    def spoiler(self) -> bool:
        return self.filename.startswith("SPOILER_")


def safe_filename(name: str) -> str:
    """The name Discord gives an uploaded file: letters, digits, dot, dash and underscore."""
    name = re.sub(r"\s", "_", name.rsplit("/", 1)[-1])
    return re.sub(r"[^\w.\-]", "", name) or "unknown"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from an image's header, None when it is not an image; no pixel is decoded."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def without_metadata(data: bytes) -> bytes:
    """A JPEG without its EXIF, XMP, IPTC and comment segments, as Discord hands it out; anything else unchanged."""
    if not data.startswith(b"\xff\xd8"):
        return data
    kept, at = bytearray(data[:2]), 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] not in (0xE1, 0xED, 0xFE):
            kept += data[at:end]
        at = end
    return bytes(kept) + data[at:]


class Attachments:
    """All stored files by id."""

    def __init__(self, store: Store, snowflakes: Snowflakes) -> None:
        self._store = store
        self._snowflakes = snowflakes
        self._known = {id: Attachment(**document) for id, document in store.all("attachment").items()}

    def _keep(self, attachment: Attachment) -> Attachment:
        self._known[attachment.id] = attachment
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
        """Keeps an upload under a new id."""
        name = safe_filename(filename or upload.filename)
        data = without_metadata(upload.data)
        size = image_size(data)
        given = None if upload.content_type == "application/octet-stream" else upload.content_type
        attachment = Attachment(
            id=self._snowflakes.next(),
            channel_id=channel_id,
            filename=name,
            size=len(data),
            content_type=mimetypes.guess_type(name)[0] or given,
            width=size[0] if size else None,
            height=size[1] if size else None,
            description=description,
            ephemeral=ephemeral,
        )
        self._store.write_file(attachment.id, data)
        return self._keep(attachment)

    def describe(self, attachment: Attachment, description: str | None) -> Attachment:
        """Changes the alt text."""
        return self._keep(replace(attachment, description=description))

    def get(self, id: int) -> Attachment | None:
        """The attachment with this id, None when there is none."""
        return self._known.get(id)

    def several(self, ids: Iterable[int]) -> list[Attachment]:
        """The attachments with these ids, unknown ones left out."""
        return [self._known[id] for id in ids if id in self._known]

    def read(self, attachment: Attachment) -> bytes:
        """The bytes of an attachment."""
        return self._store.read_file(attachment.id)


def attachment_json(attachment: Attachment, url: str) -> Json:
    """Discord's attachment object with a link to the bytes."""
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
