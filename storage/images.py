"""Pictures as files, finished ones and such as requests start from, named by what the database knows them by."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4


class Images:
    """A folder of picture files. A name is never part of a prompt, and never used twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(self, generation_id: int, index: int, png: bytes) -> str:
        """Write a picture so that it is there whole or not at all; its name."""
        name = f"{generation_id % 1000:03}/{generation_id}-{index}-{uuid4().hex[:8]}.png"
        await asyncio.to_thread(_write, self._folder / name, png)
        return name

    async def save_figure(self, generation_id: int, index: int, data: bytes, ending: str) -> str:
        """Write a file that shows how a request was drawn; its name."""
        name = f"{generation_id % 1000:03}/{generation_id}-figure-{index}-{uuid4().hex[:8]}.{ending}"
        await asyncio.to_thread(_write, self._folder / name, data)
        return name

    async def keep(self, png: bytes, user_id: int) -> str:
        """Write a picture that a person's request starts from, before the request is saved; its name."""
        name = f"{_given_by(user_id)}{uuid4().hex}.png"
        await asyncio.to_thread(_write, self._folder / name, png)
        return name

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
        await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)


def _given_by(user_id: int) -> str:
    return f"inputs/{user_id}/"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
