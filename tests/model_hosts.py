"""A hub and Civitai on this machine, with the host that both send their files from."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web

COMMIT = "c" * 40
LARGE = (".safetensors", ".gguf", ".bin")
"""Suffixes of files that are kept by their SHA-256, as Git LFS does."""

PIECE = 2**16


@dataclass(frozen=True)
class Asked:
    """A request for a file or a page: where, for what, with which bytes, and with which Authorization."""

    host: str
    path: str
    range: str
    authorization: str


@dataclass
class ModelHosts:
    """Serves `folder`/hub/OWNER/NAME as the hub does, and `folder`/civitai/NUMBER.safetensors as Civitai.

    Use as `with`. A repository's `card.json` is the head of its model card. Tests set what goes wrong.
    """

    folder: Path
    token: str = ""
    """Whoever does not send it is refused, if there is one."""
    cut: int | None = None
    """After so many bytes of an answer the files' host closes the connection."""
    damaged: bool = False
    """True: the files' host sends other bytes."""
    with_ranges: bool = True
    models: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What Civitai says of a model beside its versions, by its number."""
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What Civitai says of a version beside its file, by its number."""
    asked: list[Asked] = field(default_factory=list)

    address: str = ""
    """Of the hub and Civitai."""
    files: str = ""
    """Of the host that sends the files."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._runners = [
            web.AppRunner(_application(handler), shutdown_timeout=0.1) for handler in (self._page, self._file)
        ]
        addresses = []
        for runner in self._runners:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            addresses.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        self.address, self.files = addresses

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    def _note(self, host: str, request: web.Request) -> None:
        headers = request.headers
        self.asked.append(Asked(host, request.path, headers.get("Range", ""), headers.get("Authorization", "")))

    def _is_refused(self, request: web.Request) -> bool:
        return bool(self.token) and request.headers.get("Authorization") != f"Bearer {self.token}"

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self._note("page", request)
        match request.path.strip("/").split("/"):
            case ["api", "v1", "models", number]:
                return self._civitai_model(int(number))
            case ["api", "v1", "model-versions", number]:
                return self._civitai_version(int(number))
            case ["api", "download", "models", number]:
                if self._is_refused(request):
                    return web.json_response({"error": "Unauthorized"}, status=401)
                raise web.HTTPTemporaryRedirect(f"{self.files}/civitai/{number}.safetensors?X-Amz-Signature=presigned")
            case ["api", "models", owner, name, *rest]:
                return self._repository(owner, name, rest)
            case [owner, name, "resolve", _, *path]:
                return self._resolved(request, owner, name, "/".join(path))
        raise web.HTTPNotFound

    def _civitai_model(self, number: int) -> web.Response:
        if number not in self.models:
            return web.json_response({"error": "No model"}, status=404)
        published = [{"id": each} for each, about in self.versions.items() if about["modelId"] == number]
        return web.json_response({"id": number, "modelVersions": published, **self.models[number]})

    def _civitai_version(self, number: int) -> web.Response:
        if number not in self.versions:
            return web.json_response({"error": "No version"}, status=404)
        served = self.folder / "civitai" / f"{number}.safetensors"
        data = served.read_bytes() if served.exists() else b""
        file = {
            "id": 10 * number,
            "name": f"model{number}.safetensors",
            "type": "Model",
            "primary": True,
            "sizeKB": len(data) / 1024,
            "hashes": {"SHA256": hashlib.sha256(data).hexdigest().upper()},
            "downloadUrl": f"{self.address}/api/download/models/{number}",
        }
        pickle = file | {"name": "model.ckpt", "primary": False}
        about = {"id": number, "model": {"name": "Foxes", "type": "Checkpoint"}, "files": [pickle, file]}
        return web.json_response(about | self.versions[number])

    def _repository(self, owner: str, name: str, rest: list[str]) -> web.Response:
        folder = self.folder / "hub" / owner / name
        if not folder.is_dir():
            return web.json_response(
                {"error": "Repository not found"}, status=404, headers={"X-Error-Code": "RepoNotFound"}
            )
        files = sorted(each for each in folder.rglob("*") if each.is_file() and each.name != "card.json")
        described = [(str(each.relative_to(folder)), each.read_bytes()) for each in files]
        if rest[:1] == ["tree"]:
            return web.json_response([_in_tree(path, data) for path, data in described])
        card = folder / "card.json"
        return web.json_response(
            {
                "id": f"{owner}/{name}",
                "sha": COMMIT,
                "gated": "manual" if self.token else False,
                "cardData": json.loads(card.read_text()) if card.exists() else {},
                "siblings": [_sibling(path, data) for path, data in described],
            }
        )

    def _resolved(self, request: web.Request, owner: str, name: str, path: str) -> web.Response:
        if self._is_refused(request):
            return web.Response(status=401, headers={"X-Error-Code": "GatedRepo"})
        file = self.folder / "hub" / owner / name / path
        if not file.is_file():
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound"})
        data = file.read_bytes()
        headers = {"X-Repo-Commit": COMMIT}
        if file.suffix in LARGE:
            headers |= {"X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
            location = f"{self.files}/hub/{owner}/{name}/{path}?Signature=presigned"
            return web.Response(status=302, headers=headers | {"Location": location})
        headers |= {"ETag": f'"{_git_hash(data)}"'}
        return web.Response(body=data, headers=headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """As a store of files does, it takes no Authorization beside the signature in the address."""
        self._note("files", request)
        if "Authorization" in request.headers:
            return web.Response(status=400, text="InvalidRequest: Missing x-amz-content-sha256")
        file = self.folder / request.path.strip("/")
        if not file.is_file():
            raise web.HTTPNotFound
        data = file.read_bytes()
        etag = hashlib.sha256(data).hexdigest()
        if self.damaged:
            data = bytes(len(data))
        whole = range(len(data))
        asked = request.http_range if self.with_ranges else slice(None)
        part = whole[asked]
        headers = {"ETag": f'"{etag}"', "Content-Length": str(len(part))}
        is_part = self.with_ranges and "Range" in request.headers
        if is_part:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(data)}"
        answer = web.StreamResponse(status=206 if is_part else 200, headers=headers)
        await answer.prepare(request)
        sent = data[part.start : part.stop]
        if self.cut is not None and len(sent) > self.cut:
            await answer.write(sent[: self.cut])
            assert request.transport is not None
            request.transport.close()
            return answer
        for start in range(0, len(sent), PIECE):
            await answer.write(sent[start : start + PIECE])
        return answer


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _application(handler: Handler) -> web.Application:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    return application


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    about: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": _git_hash(data)}
    if path.endswith(LARGE):
        about["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return about


def _in_tree(path: str, data: bytes) -> dict[str, Any]:
    about: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": _git_hash(data)}
    if path.endswith(LARGE):
        about["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return about
