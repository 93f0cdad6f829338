"""Signed links: each is for one picture and one person, until it expires."""

import hmac
import os
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from bot.errors import Refusal
from storage.data_folder import open_private

LIFE = timedelta(minutes=15)
"""How long a link can be used."""

KEY = "web.key"
"""The file of the key that signs links, in the data folder."""

_FORM = struct.Struct(">QQQBQ")
_SIGNATURE_BYTES = 32
_LONGEST = 120
"""Characters of the longest link that is looked at."""


class BadLink(Refusal):
    """A link that the bot has not made, or that has expired."""


@dataclass(frozen=True, slots=True)
class Link:
    """The draft that says what a link allows, the person, the picture, and when it expires, in seconds since 1970."""

    draft: int
    user_id: int
    generation_id: int
    picture: int
    expires: int


class Signer:
    """Writes links, and reads those that it has written."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """With the key in a data folder, which is made where there is none. Raises `OSError`."""
        path = folder / KEY
        with suppress(FileExistsError), open(path, "xb", opener=open_private) as file:
            file.write(secrets.token_bytes(_SIGNATURE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        return cls(path.read_bytes())

    def written(self, link: Link) -> str:
        """The link as a part of an address."""
        content = _FORM.pack(*astuple(link))
        return urlsafe_b64encode(content + self._signature(content)).decode().rstrip("=")

    def read(self, text: str, now: float) -> Link:
        """The link that `written` wrote. `now` is in seconds since 1970. Raises `BadLink`."""
        data = _decoded(text)
        content, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
        if len(content) != _FORM.size or not hmac.compare_digest(signature, self._signature(content)):
            raise BadLink("This link isn't complete. Open it again from the chat.")
        link = Link(*_FORM.unpack(content))
        if now >= link.expires:
            raise BadLink("This link has expired. Press “Vary region” under the picture again.")
        return link

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")


def _decoded(text: str) -> bytes:
    """The bytes of a link; none where it isn't written as this bot writes links."""
    if len(text) > _LONGEST or not text.isascii():
        return b""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return data if urlsafe_b64encode(data).decode().rstrip("=") == text else b""
