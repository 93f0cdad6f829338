"""Pictures as files, finished ones and such as requests start from, named by what the database knows them by."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


class Images:
    """A folder of picture files. A name is never part of a prompt, and never used twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(self, generation_id: int, index: int, png: bytes) -> str:
        """Write a picture so that it is there whole or not at all; its name."""
        return await self._put(f"{generation_id % 1000:03}/{generation_id}-{index}-{uuid4().hex[:8]}.png", png)

    async def save_figure(self, generation_id: int, index: int, data: bytes, ending: str) -> str:
        """Write a file that shows how a request was drawn; its name."""
        unique = uuid4().hex[:8]
        return await self._put(f"{generation_id % 1000:03}/{generation_id}-figure-{index}-{unique}.{ending}", data)

    async def keep(self, png: bytes, user_id: int) -> str:
        """Write a picture that a person's request starts from, before the request is saved; its name."""
        return await self._put(f"{_given_by(user_id)}{uuid4().hex}.png", png)

    @asynccontextmanager
    async def together(self) -> AsyncIterator["Images"]:
        """The same folder, for files of one request: where what is done with them fails, those written go again."""
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
        """True for a picture that was kept for a request of that person's first, whoever else starts from it now."""
        return name.startswith(_given_by(user_id))

    def path(self, name: str) -> Path:
        """Where the picture called `name` is, if it is there."""
        return self._folder / name

    async def read(self, name: str) -> bytes:
        """The picture called `name`; raises `FileNotFoundError` where the host removed it."""
        return await asyncio.to_thread((self._folder / name).read_bytes)

    async def remove(self, name: str) -> None:
        """Remove a picture, and its folder once that is empty: its name may say whose pictures they were."""
        await asyncio.to_thread(_remove, self._folder / name)

    async def _put(self, name: str, data: bytes) -> str:
        await asyncio.to_thread(_write, self._folder / name, data)
        return name


class _Together(Images):
    """Remembers the names of what it has written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: list[str] = []

    async def _put(self, name: str, data: bytes) -> str:
        self.names.append(await super()._put(name, data))
        return name


def _given_by(user_id: int) -> str:
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
    """A new file, whose folder may be removed as long as it is empty."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return path.open("wb")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()
