"""Files on servers: asked about, read in part, and downloaded."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from bot.cli.models.errors import NeedsToken, NotReachable, WrongFile
from bot.version import noisefox_version

HEAD = 4 * 2**20
"""Bytes at the start of a file that hold the names and shapes of its tensors."""

TRIES = 5
"""How often a download is tried again without a byte in between."""

PAUSE = 2.0
"""Seconds before it is tried again."""

TIMEOUT = httpx2.Timeout(60.0, connect=30.0)
"""Seconds without any data."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a server."""

    url: str
    name: str
    size: int | None = None
    """In bytes; None if the server does not say."""
    sha256: str = ""
    """Empty if nobody says it."""
    version: str = ""
    """What changes when the file does, such as its ETag."""
    token: str = field(default="", repr=False)
    """Sent to the host of `url` alone."""
    denied: str = ""
    """What to do where the server asks for a token, or for another one."""

    def part_beside(self, target: Path) -> Path:
        """The file of an unfinished download of this version."""
        version = hashlib.sha256((self.sha256 or self.version).encode()).hexdigest()[:12]
        return target.with_name(f"{target.name}.{version}.part")

    def bytes_here(self, target: Path) -> int:
        """How much of it an earlier download has left beside `target`, in bytes."""
        part = self.part_beside(target)
        return part.stat().st_size if part.is_file() else 0


@cache
def _client() -> httpx2.Client:
    return httpx2.Client(follow_redirects=True, timeout=TIMEOUT)


@contextmanager
def opened(file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[httpx2.Response]:
    """Ask for the bytes from `start` to before `end`. Raises `NotReachable`, or `httpx2.TransportError`."""
    headers = {"User-Agent": f"Noisefox/{noisefox_version()}", "Accept-Encoding": "identity"}
    if file.token:
        headers["Authorization"] = f"Bearer {file.token}"  # httpx2 does not send it on to another host
    if start or end:
        headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    with _client().stream("GET", file.url, headers=headers) as response:
        host = urlsplit(file.url).hostname
        if response.status_code in (401, 403):
            raise NeedsToken(f"{host} refuses {file.name}. {file.denied}".strip())
        if response.status_code == 404:
            raise NotReachable(f"{host} has no {file.name}. Look at its page whether it was renamed or deleted.")
        if response.is_error and response.status_code != httpx2.codes.RANGE_NOT_SATISFIABLE:
            raise NotReachable(f"{host} answers {response.status_code} for {file.name}. Try again later.")
        yield response


def asked_about(file: RemoteFile) -> RemoteFile:
    """The file with its size and version, as its server tells them. Raises `NotReachable`."""
    with reaching(file), opened(file, 0, 1) as response:
        total = response.headers.get("Content-Range", "").rpartition("/")[2] or response.headers.get("Content-Length")
    size = int(total) if total and total.isdecimal() else None
    return replace(file, size=size, version=response.headers.get("ETag", ""))


@contextmanager
def head_of(file: RemoteFile) -> Iterator[Path]:
    """A local file with the first bytes of a file, as long as the whole. Raises `NotReachable`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "head").with_suffix(Path(file.name).suffix)
        data = bytearray()
        with reaching(file), opened(file, 0, HEAD) as response:
            for piece in response.iter_raw():
                data += piece
                if len(data) >= HEAD:
                    break
        path.write_bytes(data)
        if file.size:
            os.truncate(path, file.size)
        yield path


@contextmanager
def reaching(file: RemoteFile) -> Iterator[None]:
    """Raise `NotReachable` where a server cannot be reached."""
    try:
        yield
    except (httpx2.TransportError, httpx2.InvalidURL, httpx2.TooManyRedirects) as failure:
        raise NotReachable(
            f"{urlsplit(file.url).hostname} cannot be reached ({type(failure).__name__}). Try again later."
        ) from failure


def download(file: RemoteFile, target: Path, told: Callable[[int], object]) -> None:
    """Download a file, going on where an earlier download ended. `told` gets the bytes that came, less those that were
    thrown away. `target` appears whole, with the right hash, or not at all.

    Raises `NotReachable`, `WrongFile` and `OSError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part, left = file.part_beside(target), TRIES
    if not (file.sha256 or file.version):
        part.unlink(missing_ok=True)
    while True:
        before = file.bytes_here(target)
        try:
            _go_on(file, part, before, told)
            break
        except httpx2.TransportError as failure:
            left = TRIES if file.bytes_here(target) > before else left - 1
            if not left:
                raise NotReachable(
                    f"The download of {file.name} ended too early. Run the command again: it goes on from there."
                ) from failure
            time.sleep(PAUSE)
    _check(file, part)
    part.replace(target)


def _go_on(file: RemoteFile, part: Path, start: int, told: Callable[[int], object]) -> None:
    """Download the rest of a file, after its first `start` bytes. Raises `httpx2.TransportError`."""
    if start and start == file.size:
        return
    with opened(file, start) as response:
        if response.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:
            return
        if start and response.status_code != httpx2.codes.PARTIAL_CONTENT:
            told(-start)
            start = 0
        with part.open("ab" if start else "wb") as stream:
            for piece in response.iter_raw():
                stream.write(piece)
                told(len(piece))
            stream.flush()
            os.fsync(stream.fileno())


def _check(file: RemoteFile, part: Path) -> None:
    """Delete a download that is not what it should be, and raise `WrongFile`."""
    if file.size is not None and part.stat().st_size != file.size:
        part.unlink()
        raise WrongFile(f"{file.name} is not as long as its server says. It was deleted; download it again.")
    if file.sha256 and sha256_of(part) != file.sha256.lower():
        part.unlink()
        raise WrongFile(
            f"{file.name} is damaged or was exchanged: its SHA-256 is not {file.sha256.lower()[:12]}…, which its page "
            "names. It was deleted; download it again."
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
