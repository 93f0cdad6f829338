"""Reads the body of a request: JSON, or multipart with `payload_json` and files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from playground.errors import ApiError
from playground.state.attachments import Upload
from playground.validation.form_errors import Form
from playground.validation.upload_limits import FILE_LIMIT, FILES_LIMIT, REQUEST_LIMIT

_FILE_FIELD = re.compile(r"^files?\[(\d+)\]$")


@dataclass(frozen=True)
class Body:
    """A decoded body. `payload` is None when there was none; `files` are by field name, `uploads` by their index."""

    content_type: str
    payload: Any = None
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def uploads(self) -> dict[int, Upload]:
        """Files of fields named files[n]; others take the numbers after those."""
        numbered = {int(match[1]): self.files[name] for name in self.files if (match := _FILE_FIELD.match(name))}
        for name in self.files:
            if not _FILE_FIELD.match(name):
                numbered[max(numbered, default=-1) + 1] = self.files[name]
        return numbered

    def check_sizes(self, file_limit: int = FILE_LIMIT) -> None:
        """ApiError 40005 for a file over `file_limit` or all over REQUEST_LIMIT; 50035 for more than FILES_LIMIT."""
        sizes = [len(upload.data) for upload in self.files.values()]
        if max(sizes, default=0) > file_limit or sum(sizes) > REQUEST_LIMIT:
            raise ApiError(413, 40005)
        if len(sizes) > FILES_LIMIT:
            form = Form()
            form.at("files").refuse("BASE_TYPE_MAX_LENGTH", f"Must be {FILES_LIMIT} or fewer in length.")
            form.raise_if_any()


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(400, 50109) from None


async def read_body(request: web.Request, payload_field: str = "payload_json") -> Body:
    """The whole body; ApiError 50109 when it is not valid JSON."""
    if not request.body_exists:
        return Body("")
    if not request.content_type.startswith("multipart/"):
        text = await request.read()
        return Body(request.content_type, _decoded(text) if text else None)
    payload: Any = None
    files: dict[str, Upload] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        if part.name == payload_field:
            payload = _decoded(data)
        elif part.name is not None and part.filename is not None:
            files[part.name] = Upload(part.filename, data, part.headers.get("Content-Type"))
    return Body(request.content_type, {} if payload is None else payload, files)
