"""The processes of a soak or load run: the stand-in for Discord, and the bot, which may be killed and started again."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from generation.errors import NoisefoxError

END_SECONDS = 90.0
"""How long a bot may take to end after SIGTERM."""

_WORKER_READY = re.compile(r"worker (\d+) ready")


class NotStarted(NoisefoxError):
    """A process of the run did not start; the message says which, and where to read why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the stand-in for Discord is reached."""

    url: str
    api_base: str
    token: str


@asynccontextmanager
async def stand_in(folder: Path, members: int) -> AsyncIterator[Address]:
    """A stand-in for Discord with so many members, as a process of its own."""
    command = [sys.executable, "-m", "playground", "--folder", str(folder), "--members", str(members), "--rate", "500"]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        if not line:
            raise NotStarted("The stand-in for Discord did not start.")
        yield Address(**json.loads(line))
    finally:
        process.stdin.close()
        await process.wait()


class BotProcess:
    """A bot as a process of its own, over one data folder and one log file for all its lives."""

    def __init__(
        self,
        folder: Path,
        address: Address,
        limits: str = "",
        *,
        blocks: Path | None = None,
        step_seconds: float | None = None,
        ray: str | None = None,
    ) -> None:
        """`ray` is the address of a cluster to draw on."""
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.log = folder / "bot.log"
        self.lives = 0
        self._config = folder / "config.toml"
        self._config.write_text(
            f'data = "{self.data}"\n[discord]\napi_base = "{address.api_base}"\n[upscaling]\nupscaler = "Lanczos"\n'
            f"{limits}"
        )
        self._options: list[str] = []
        if blocks is not None:
            self._options += ["--blocks", str(blocks)]
        if step_seconds is not None:
            self._options += ["--step-seconds", str(step_seconds)]
        if ray is not None:
            self._options += ["--ray", ray]
        self._environment = os.environ | {"NOISEFOX_TOKEN": address.token}
        self._process: Process | None = None

    @property
    def database(self) -> Path:
        return self.data / "noisefox.db"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; it may not be ready for a while."""
        command = [sys.executable, "-m", "bot.cli.soak.bot_process", "--config", str(self._config), *self._options]
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        self.lives += 1

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n")
        return next(filter(None, reversed(lines)), "")

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await self._ended(signal.SIGKILL)

    async def terminate(self) -> None:
        """Tell it to end, and wait until it has finished what it was drawing; kill it if it takes too long."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._ended(signal.SIGTERM)
        except TimeoutError:
            await self.kill()

    async def _ended(self, number: int) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.send_signal(number)
            await self._process.wait()

    def toggle_full_disk(self) -> None:
        """Let all its writes fail, or succeed again."""
        if self.alive:
            os.kill(self.pid, signal.SIGUSR1)

    def reset_blocks(self) -> None:
        """Let it forget how long its event loop was blocked so far."""
        os.kill(self.pid, signal.SIGUSR2)

    def kill_worker(self) -> None:
        """End its worker with SIGKILL."""
        ready = _WORKER_READY.findall(self.log.read_text(errors="replace"))
        if ready and self.alive:
            try:
                os.kill(int(ready[-1]), signal.SIGKILL)
            except ProcessLookupError:
                return

    async def lock_database(self, seconds: float) -> None:
        """Hold the database's write lock, as another program may."""
        connection = sqlite3.connect(self.database, timeout=1, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return
        finally:
            connection.close()

    def memory(self) -> float | None:
        """Its resident memory in MB; None where it has ended or the system does not say."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else None
