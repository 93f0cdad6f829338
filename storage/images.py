"""Picture files: finished pictures, figures, and input pictures."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from storage.data_folder import PRIVATE_FOLDER, open_private

PICTURES = "pictures"
"""The folder of pictures in the data folder."""

_GIVEN = re.compile(r"inputs/(\d+)/")

_NUMBER = re.compile(r"(\d+)-")


class Images:
    """A folder of picture files. Names contain nothing of a prompt and are never used twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(self, generation_id: int, index: int, png: bytes) -> str:
        """Write a finished picture, whole or not at all, and return its name."""
        return await self._put(f"{generation_id % 1000:03}/{generation_id}-{index}-{uuid4().hex[:8]}.png", png)

    async def save_figure(self, generation_id: int, index: int, data: bytes, ending: str) -> str:
        """Write a figure or an animation of a request, and return its name."""
        unique = uuid4().hex[:8]
        return await self._put(f"{generation_id % 1000:03}/{generation_id}-figure-{index}-{unique}.{ending}", data)

    async def keep(self, png: bytes, user_id: int) -> str:
        """Write an input picture of a person's request, and return its name. Called before the request is saved."""
        return await self._put(f"{given_by(user_id)}{uuid4().hex}.png", png)

    @asynccontextmanager
    async def together(self) -> AsyncIterator["Images"]:
        """The same folder, for the files of one request. If the body raises, the files it wrote are removed."""
        written = _Together(self._folder)
        try:
            yield written
        except Exception:
            for name in written.names:
                with suppress(OSError):
                    await self.remove(name)
            raise

    @staticmethod
    def is_given_by(user_id: int, name: str) -> bool:
        """True for an input picture that this person gave, whoever else uses it now."""
        return name.startswith(given_by(user_id))

    @staticmethod
    def giver_of(name: str) -> int | None:
        """The person who gave an input picture; None for other files."""
        given = _GIVEN.match(name)
        return int(given[1]) if given else None

    def path(self, name: str) -> Path:
        """The path of the picture called `name`, which may not exist."""
        return self._folder / name

    async def read(self, name: str) -> bytes:
        """The bytes of the picture called `name`. Raises `FileNotFoundError` if the host removed it."""
        return await asyncio.to_thread((self._folder / name).read_bytes)

    async def remove(self, name: str) -> None:
        """Remove a picture, and its folder once that is empty: the folder's name may hold a person's id."""
        await asyncio.to_thread(_remove, self._folder / name)

    async def _put(self, name: str, data: bytes) -> str:
        await asyncio.to_thread(_write, self._folder / name, data)
        return name


class _Together(Images):
    """Records the names of the files it writes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: list[str] = []

    async def _put(self, name: str, data: bytes) -> str:
        self.names.append(await super()._put(name, data))
        return name


def numbers_in(folder: Path) -> Iterator[int]:
    """For each file in a folder of pictures: the number of its request, or 0 for an input picture."""
    for _, _, names in os.walk(folder):
        for name in names:
            yield number_of(name)


def number_of(name: str) -> int:
    """The number of the request that a file has in its name, given without its folder; 0 for an input picture."""
    number = _NUMBER.match(name)
    return int(number[1]) if number else 0


def given_by(user_id: int) -> str:
    """What the names of a person's input pictures begin with."""
    return f"inputs/{user_id}/"


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(".part")
    try:
        with _opened(unfinished) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> BinaryIO:
    """Open a new file. Its folder may be removed by somebody else while it is empty, so this tries again."""
    while True:
        _make_folders(path.parent)
        with suppress(FileNotFoundError):
            return open(path, "wb", opener=open_private)


def _make_folders(folder: Path) -> None:
    """Create a folder, and each above it that is missing, so that only this user can open them."""
    while not folder.is_dir():
        missing = next(each for each in (folder, *folder.parents) if each.parent.is_dir())
        with suppress(FileExistsError):
            missing.mkdir(mode=PRIVATE_FOLDER)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()
