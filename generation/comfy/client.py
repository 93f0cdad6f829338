"""The HTTP and websocket interface of one ComfyUI server."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from generation.comfy import refusals
from generation.comfy.filling import Prompt

ANSWER_SECONDS = 120.0
"""Seconds that an answer may take: a server that loads a model answers nobody meanwhile."""

CONNECT_SECONDS = 5.0

HANDSHAKE_SECONDS = 30.0
"""Seconds that a busy server may take to open the websocket."""

HEARTBEAT_SECONDS = 60.0
"""Seconds between two pings; a server that doesn't answer one in half of them is away."""

LARGEST = 128 * 2**20
"""Bytes of a message or a picture that are read."""

_PREVIEW = 1
"""The type of a binary message with a preview: then 4 bytes of its format, and the picture."""

UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)
"""What is raised where a server does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the websocket."""

    kind: str
    data: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """The id of the prompt that it is about; empty for none."""
        return str(self.data.get("prompt_id") or "")


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview of what is being drawn: the bytes of a JPEG or PNG."""

    image: bytes


Word = Said | Shown


class ComfyClient:
    """Requests to one server. All raise the errors of `UNREACHABLE`, and `PromptFailed` as they say."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._address = address.rstrip("/")
        self._session = session
        self.id = uuid4().hex
        """Under which the server tells what becomes of our prompts, and no others."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[Word]]:
        """The messages of the server, until it closes the connection."""
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            socket = await self._session.ws_connect(
                f"{self._address}/ws?clientId={self.id}", max_msg_size=LARGEST, heartbeat=HEARTBEAT_SECONDS
            )
        async with socket:
            yield _words(socket)

    async def about(self) -> str:
        """The server's version and device, as far as it tells them."""
        document = await self._get("/system_stats")
        system = document.get("system") or {}
        devices = document.get("devices") or [{}]
        device = str(devices[0].get("name", "")).split(" : ")[0]
        return f"ComfyUI {system.get('comfyui_version', '')} {device}".strip()

    async def queue(self, prompt: Prompt, proposed: str) -> str:
        """Queue a prompt; its id, which is the one that is `proposed` but for old servers. Raises `PromptFailed` where
        the server refuses it."""
        more = {"client_id": self.id, "prompt_id": proposed, "extra_data": {"preview_method": "auto"}}
        body = {"prompt": prompt, **more}
        async with self._request("POST", "/prompt", json=body) as response:
            answer = await _json_of(response)
            if response.status == 400:
                raise refusals.refused(answer)
            response.raise_for_status()
            return str(answer["prompt_id"])

    async def stop(self, prompt_id: str) -> None:
        """Take a prompt out of the queue, or interrupt it if it is the one that runs."""
        await self._post("/queue", {"delete": [prompt_id]})
        running, _ = await self.line()
        if prompt_id in running:
            await self._post("/interrupt", {"prompt_id": prompt_id})

    async def line(self) -> tuple[set[str], set[str]]:
        """The ids of the prompts that run, and of those that wait, whoever queued them."""
        document = await self._get("/queue")
        running, waiting = (
            {str(each[1]) for each in document.get(name) or ()} for name in ("queue_running", "queue_pending")
        )
        return running, waiting

    async def outcome(self, prompt_id: str) -> Mapping[str, Any] | None:
        """What the history says of a prompt; None until it has ended."""
        document = await self._get(f"/history/{prompt_id}")
        entry = document.get(prompt_id)
        return entry if isinstance(entry, dict) else None

    async def forget(self, prompt_id: str) -> None:
        """Take a prompt out of the history."""
        await self._post("/history", {"delete": [prompt_id]})

    async def picture(self, file: Mapping[str, Any]) -> bytes:
        """The bytes of a picture that the history names."""
        asked = {name: str(file.get(name) or "") for name in ("filename", "subfolder", "type")}
        async with self._request("GET", "/view", params=asked) as response:
            response.raise_for_status()
            whole = response.content_length is not None
            data: bytes = await response.read() if whole else await response.content.read(LARGEST)
            return data

    async def upload(self, png: bytes) -> str:
        """Store an input picture until the server restarts; its name in a workflow."""
        form = aiohttp.FormData()
        form.add_field("image", png, filename=f"noisefox-{uuid4().hex}.png", content_type="image/png")
        form.add_field("type", "temp")
        form.add_field("overwrite", "true")
        async with self._request("POST", "/upload/image", data=form) as response:
            response.raise_for_status()
            stored = await _json_of(response)
        return "/".join(filter(None, (stored.get("subfolder"), stored["name"]))) + " [temp]"

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._request("GET", path) as response:
            response.raise_for_status()
            return await _json_of(response)

    async def _post(self, path: str, body: Any) -> None:
        async with self._request("POST", path, json=body) as response:
            response.raise_for_status()

    def _request(self, method: str, path: str, **more: Any) -> Any:
        limit = aiohttp.ClientTimeout(ANSWER_SECONDS, sock_connect=CONNECT_SECONDS)
        return self._session.request(method, self._address + path, timeout=limit, **more)


async def _json_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The object in an answer. Raises `aiohttp.ClientError` for anything else."""
    try:
        document = await response.json(content_type=None)
    except (ValueError, RecursionError) as reason:
        raise aiohttp.ClientPayloadError("the answer is no JSON") from reason
    if not isinstance(document, dict):
        raise aiohttp.ClientPayloadError("the answer is no object")
    return document


async def _words(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Word]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT and (said := _said(message.data)):
            yield said
        elif message.type is aiohttp.WSMsgType.BINARY and (shown := _shown(message.data)):
            yield shown


def _said(text: str) -> Said | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match document:
        case {"type": str() as kind, "data": dict() as data}:
            return Said(kind, data)
    return None


def _shown(message: bytes) -> Shown | None:
    if len(message) > 8 and struct.unpack(">I", message[:4])[0] == _PREVIEW:
        return Shown(message[8:])
    return None
