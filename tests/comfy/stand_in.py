"""A stand-in for ComfyUI's HTTP and websocket interface: it queues prompts, and draws plain pictures."""

import asyncio
import json
import struct
from io import BytesIO
from random import Random
from typing import Any, Self
from uuid import uuid4

from aiohttp import web
from PIL import Image
from PIL.PngImagePlugin import PngInfo

STEP_SECONDS = 0.004

CHECKPOINTS = ("random-sd15.safetensors",)
"""The models that it has; a prompt with another one is refused, as one with an unknown node is."""

UNKNOWN = "NodeOfAnotherHost"

Prompt = dict[str, dict[str, Any]]


class Interrupted(Exception):
    """Somebody interrupted the prompt that runs."""


class StandIn:
    """One server. Use as `async with`; it can go away and come back under its address."""

    def __init__(self, step_seconds: float = STEP_SECONDS) -> None:
        self.prompts: list[Prompt] = []
        """All prompts that were queued, in order."""
        self.uploads: dict[str, bytes] = {}
        self.interrupted: list[str] = []
        """The prompts that were interrupted."""
        self.deleted: list[str] = []
        """The prompts that were taken out of the queue."""
        self.error: dict[str, Any] | None = None
        """What the next prompt fails with."""
        self.queue: list[tuple[str, str, Prompt]] = []
        """Id, client and nodes of each prompt that waits."""
        self.running: tuple[str, str, Prompt] | None = None
        self.history: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.free = asyncio.Event()
        """Cleared to hold whatever runs before its last step."""
        self.free.set()
        self._step_seconds = step_seconds
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._changed = asyncio.Event()
        self._interrupt = asyncio.Event()
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._drawing: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.come()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go()

    async def come(self) -> None:
        """Answer, at the same address as before, with an empty queue."""
        app = web.Application(client_max_size=2**26)
        app.add_routes(
            [
                web.get("/ws", self._socket),
                web.get("/system_stats", self._stats),
                web.post("/prompt", self._prompt),
                web.get("/queue", self._line),
                web.post("/queue", self._delete),
                web.post("/interrupt", self._interrupted),
                web.get("/history/{id}", self._outcome),
                web.post("/history", self._forget),
                web.get("/view", self._view),
                web.post("/upload/image", self._upload),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._drawing = asyncio.create_task(self._draw())

    async def go(self) -> None:
        """Answer nobody, and forget all prompts."""
        assert self._runner is not None
        assert self._drawing is not None
        self._drawing.cancel()
        for socket in list(self._sockets.values()):
            await socket.close()
        await self._runner.cleanup()
        self.queue.clear()
        self.history.clear()
        self.running = None

    async def drop(self) -> None:
        """Close all websockets, and go on drawing."""
        for socket in list(self._sockets.values()):
            await socket.close()

    def draw_for_another(self, prompt: Prompt) -> str:
        """Queue a prompt of somebody else; its id."""
        prompt_id = uuid4().hex
        self.queue.append((prompt_id, "somebody else", prompt))
        self._changed.set()
        return prompt_id

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query["clientId"]
        self._sockets[client] = socket
        await socket.send_json({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}})
        await socket.send_str("no JSON")
        async for _ in socket:
            pass
        if self._sockets.get(client) is socket:
            del self._sockets[client]
        return socket

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response({"system": {"comfyui_version": "0.8.0"}, "devices": [{"name": "cpu"}]})

    async def _prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        prompt: Prompt = body["prompt"]
        if error := _refusal(prompt):
            return web.json_response(error, status=400)
        prompt_id = str(body.get("prompt_id") or uuid4())
        self.prompts.append(prompt)
        self.queue.append((prompt_id, body["client_id"], prompt))
        self._changed.set()
        return web.json_response({"prompt_id": prompt_id, "number": len(self.prompts), "node_errors": {}})

    async def _line(self, _: web.Request) -> web.Response:
        waiting = [[number, *each] for number, each in enumerate(self.queue)]
        running = [[0, *self.running]] if self.running else []
        return web.json_response({"queue_running": running, "queue_pending": waiting})

    async def _delete(self, request: web.Request) -> web.Response:
        wanted = (await request.json())["delete"]
        self.deleted += [each[0] for each in self.queue if each[0] in wanted]
        self.queue = [each for each in self.queue if each[0] not in wanted]
        return web.Response()

    async def _interrupted(self, request: web.Request) -> web.Response:
        await request.json()  # an old server doesn't look at the id, and interrupts whatever runs
        if self.running:
            self.interrupted.append(self.running[0])
            self._interrupt.set()
        return web.Response()

    async def _outcome(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["id"]
        return web.json_response({prompt_id: self.history[prompt_id]} if prompt_id in self.history else {})

    async def _forget(self, request: web.Request) -> web.Response:
        for prompt_id in (await request.json())["delete"]:
            self.history.pop(prompt_id, None)
        return web.Response()

    async def _view(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.query["filename"]], content_type="image/png")

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        field, kind = form["image"], form["type"]
        assert isinstance(field, web.FileField)
        assert isinstance(kind, str)
        self.uploads[f"{field.filename} [{kind}]"] = field.file.read()
        return web.json_response({"name": field.filename, "subfolder": "", "type": kind})

    async def _draw(self) -> None:
        while True:
            while not self.queue:
                self._changed.clear()
                await self._changed.wait()
            self.running = self.queue.pop(0)
            prompt_id, client, prompt = self.running
            self._interrupt.clear()
            messages: list[Any] = []
            outputs: dict[str, Any] = {}
            try:
                outputs = await self._drawn(prompt_id, client, prompt)
            except Interrupted:
                messages = [["execution_interrupted", {"prompt_id": prompt_id}]]
            if (error := self.error) is not None:
                self.error = None
                outputs, messages = {}, [["execution_error", {"prompt_id": prompt_id, **error}]]
            for kind, data in messages:
                await self._say(client, kind, **data)
            self.history[prompt_id] = {"outputs": outputs, "status": {"messages": messages}}
            self.running = None
            await self._say(client, "executing", node=None, prompt_id=prompt_id)

    async def _drawn(self, prompt_id: str, client: str, prompt: Prompt) -> dict[str, Any]:
        await self._say(client, "execution_start", prompt_id=prompt_id)
        for name, node in prompt.items():
            steps = node["inputs"].get("steps")
            for step in range(1, 1 + steps if isinstance(steps, int) else 0):
                await asyncio.sleep(self._step_seconds)
                if step == steps:
                    await self._hold()
                if self._interrupt.is_set():
                    raise Interrupted
                await self._say(
                    client, "progress", value=step, max=steps, prompt_id=prompt_id, node=_sampler(prompt, name)
                )
                await self._show(client, _picture(prompt, (8, 8)))
        outputs = {}
        for name, node in prompt.items():
            if node["class_type"] in ("SaveImage", "PreviewImage"):
                file = f"{prompt_id}.png"
                metadata, data = PngInfo(), BytesIO()
                metadata.add_text("prompt", json.dumps(prompt))
                _picture(prompt, _size(prompt)).save(data, "PNG", pnginfo=metadata)
                self.files[file] = data.getvalue()
                outputs[name] = {"images": [{"filename": file, "subfolder": "", "type": "temp"}]}
        return outputs

    async def _hold(self) -> None:
        waits = [asyncio.ensure_future(each.wait()) for each in (self.free, self._interrupt)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def _say(self, client: str, kind: str, **data: Any) -> None:
        if socket := self._sockets.get(client):
            await socket.send_json({"type": kind, "data": data})

    async def _show(self, client: str, image: Image.Image) -> None:
        if socket := self._sockets.get(client):
            file = BytesIO()
            image.save(file, "JPEG")
            await socket.send_bytes(struct.pack(">II", 1, 1) + file.getvalue())


def _refusal(prompt: Prompt) -> dict[str, Any] | None:
    """Why a prompt is not queued, as ComfyUI says it."""
    for name, node in prompt.items():
        if node["class_type"] == UNKNOWN:
            message = f"Cannot execute because node {UNKNOWN} does not exist."
            return {"error": {"type": "invalid_prompt", "message": message, "details": name}, "node_errors": []}
        model = node["inputs"].get("ckpt_name")
        if model is not None and model not in CHECKPOINTS:
            error = {"type": "value_not_in_list", "message": "Value not in list", "details": f"ckpt_name: '{model}'"}
            failed = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
            return {"error": failed, "node_errors": {name: {"errors": [error], "class_type": node["class_type"]}}}
    return None


def _sampler(prompt: Prompt, node: str) -> str:
    """The node that tells the progress of the steps that `node` holds."""
    return next((name for name, each in prompt.items() if each["inputs"].get("sigmas") == [node, 0]), node)


def _size(prompt: Prompt) -> tuple[int, int]:
    sizes = [
        (each["inputs"]["width"], each["inputs"]["height"]) for each in prompt.values() if "width" in each["inputs"]
    ]
    width, height = sizes[0] if sizes else (64, 64)
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (64, 64)


def _picture(prompt: Prompt, size: tuple[int, int]) -> Image.Image:
    inputs = [each["inputs"] for each in prompt.values()]
    seed = next(each[name] for each in inputs for name in ("seed", "noise_seed") if isinstance(each.get(name), int))
    return Image.new("RGB", size, tuple(Random(seed).randbytes(3)))
