"""Reads request bodies (JSON, or multipart with `payload_json` and files) and path ids; writes JSON responses."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from playground.errors import ApiError, Json
from playground.state.attachments import Upload
from playground.validation.form import Form
from playground.validation.messages import FILE_LIMIT, FILES_LIMIT, REQUEST_LIMIT

_FILE_FIELD = re.compile(r"^files?\[(\d+)\]$")


@dataclass(frozen=True)
class Body:
    """A request body. `payload` is the decoded JSON, None when the body is empty; `files` are by field name."""

    content_type: str
    payload: Any = None
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def uploads(self) -> dict[int, Upload]:
        """Files by the n of their field name files[n]. Files with other names get the numbers after those."""
        numbered = {int(match[1]): self.files[name] for name in self.files if (match := _FILE_FIELD.match(name))}
        for name in self.files:
            if not _FILE_FIELD.match(name):
                numbered[max(numbered, default=-1) + 1] = self.files[name]
        return numbered

    def check_sizes(self, file_limit: int = FILE_LIMIT) -> None:
        """Check the files. ApiError 40005 when they are too large, 50035 when there are too many.

        file_limit: bytes of one file.
        """
        sizes = [len(upload.data) for upload in self.files.values()]
        if max(sizes, default=0) > file_limit or sum(sizes) > REQUEST_LIMIT:
            raise ApiError(413, 40005)
        if len(sizes) > FILES_LIMIT:
            form = Form()
            form.at("files").add_error("BASE_TYPE_MAX_LENGTH", f"Must be {FILES_LIMIT} or fewer in length.")
            form.raise_if_invalid()


BODY = web.RequestKey("body", Body)
"""The key under which the middleware keeps the body of a request."""


def _decode(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(400, 50109) from None


async def read_body(request: web.Request, payload_field: str = "payload_json") -> Body:
    """Read a whole body. ApiError 50109 when it isn't valid JSON."""
    if not request.body_exists:
        return Body("")
    if not request.content_type.startswith("multipart/"):
        text = await request.read()
        return Body(request.content_type, _decode(text) if text else None)
    payload: Any = None
    files: dict[str, Upload] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        if part.name == payload_field:
            payload = _decode(data)
        elif part.name is not None and part.filename is not None:
            files[part.name] = Upload(part.filename, data, part.headers.get("Content-Type"))
    return Body(request.content_type, {} if payload is None else payload, files)


def json_payload(request: web.Request) -> Json:
    """Return the body as an object, {} when it is empty. ApiError 50035 when it isn't an object."""
    payload = request[BODY].payload
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise ApiError(400, 50035, errors={"_errors": [{"code": "MODEL_TYPE_CONVERT", "message": "Not an object."}]})
    return payload


def snowflake(request: web.Request, name: str) -> int:
    """Return an id of the path. ApiError 50035 when it isn't a number."""
    text = request.match_info[name]
    if not text.isdecimal():
        code = {"code": "NUMBER_TYPE_COERCE", "message": f'Value "{text}" is not snowflake.'}
        raise ApiError(400, 50035, errors={name: {"_errors": [code]}})
    return int(text)


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a JSON response. Discord's clients expect its Content-Type without a charset."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
