"""The process whose models look at pictures: started when it is needed, and ended when it has been idle."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any, Self

from generation import wire
from generation.environment import for_worker
from generation.local_worker import QUIET, end
from generation.vision import (
    Caption,
    CutOut,
    Depth,
    Pose,
    Segment,
    Unseen,
    VisionFailed,
    VisionMissing,
    VisionModels,
    VisionTask,
)

log = logging.getLogger(__name__)

SECONDS = 600.0
"""Time that one answer may take, the download of its model included."""

IDLE_SECONDS = 600.0
"""Time without a task after which the process ends, and its memory is free."""

PROCESS = (sys.executable, "-m", "generation.engine.vision.process")


class VisionProcess:
    """`Vision` by a process of its own, which answers one task at a time. Use as `async with`.

    A process that ends or takes too long is replaced, and its task asked once more.
    """

    def __init__(self, models: VisionModels, command: tuple[str, ...] = PROCESS) -> None:
        self._models = models
        self._command = command
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stay()
        self._leave()
        await asyncio.gather(*self._ending)

    @property
    def models(self) -> VisionModels:
        return self._models

    async def segment(self, picture: bytes, name: str) -> bytes:
        mask: bytes = await self._ask(Segment(picture, name), self._models.segmenter)
        return mask

    async def captions(self, picture: bytes, number: int) -> tuple[str, ...]:
        captions: tuple[str, ...] = await self._ask(Caption(picture, number), self._models.captioner)
        return captions

    async def cut_out(self, picture: bytes) -> bytes:
        cut: bytes = await self._ask(CutOut(picture), self._models.background)
        return cut

    async def depth(self, picture: bytes) -> bytes:
        nearness: bytes = await self._ask(Depth(picture), self._models.depth)
        return nearness

    async def pose(self, picture: bytes) -> bytes:
        skeleton: bytes = await self._ask(Pose(picture), self._models.pose)
        return skeleton

    async def _ask(self, task: VisionTask, model: str) -> Any:
        if not model:
            raise VisionMissing
        async with self._turn:
            self._stay()
            try:
                answer = await self._answered(task) or await self._answered(task)
            finally:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave)
        if answer is None or isinstance(answer, Unseen):
            reason = answer.reason if answer else "its process ended twice"
            log.error("%s failed: %s", type(task).__name__, reason)
            raise VisionFailed
        return answer

    async def _answered(self, task: VisionTask) -> Any:
        """The answer to a task; None where the process ends, or takes too long."""
        answer = None
        try:
            process = self._process or await self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(wire.pack(task))
            async with asyncio.timeout(SECONDS):
                answer = await wire.read_async(process.stdout)
        except (EOFError, OSError, TimeoutError) as reason:
            log.error("the process that looks at pictures is replaced: %s", reason or type(reason).__name__)
        finally:
            if answer is None:  # a later task must not get the answer to this one
                self._leave()
        return answer

    async def _started(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, env=QUIET | for_worker(os.environ), start_new_session=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(wire.pack(self._models))
        return self._process

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def _leave(self) -> None:
        """Kill the process: it keeps nothing, and may be busy for long."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        task = asyncio.create_task(end(process), name="end of looking")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
