"""JSON answers with the Content-Type that clients of Discord expect: application/json, without a charset."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response with a JSON body."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
