"""Valid components and commands, which tests make invalid; multipart bodies; reading form errors."""

import json
from typing import Any

import aiohttp

from playground.errors import Json

V2 = 1 << 15


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def button(**changed: Any) -> Json:
    return {"type": 2, "style": 1, "label": "go", "custom_id": "go"} | changed


def select(count: int = 1, **changed: Any) -> Json:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "pick", "options": options} | changed


def text(content: str) -> Json:
    return {"type": 10, "content": content}


def command(**changed: Any) -> Json:
    return {"name": "imagine", "description": "Draws."} | changed


def multipart(sizes: list[int], payload: Json | None = None) -> aiohttp.FormData:
    """A multipart body with files of these sizes in bytes."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload or {}), content_type="application/json")
    for index, size in enumerate(sizes):
        form.add_field(f"files[{index}]", b"x" * size, filename=f"{index}.bin")
    return form


def has_error_at(response: Json, path: str) -> bool:
    """Whether the form errors of a response have one at a path, such as "embeds.0.title"."""
    node = response["errors"]
    for key in path.split("."):
        node = node.get(key, {})
    return bool(node)
