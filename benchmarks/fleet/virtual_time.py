"""An event loop whose time jumps to the next timer, so that hours take seconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Waits for nothing: where all tasks sleep, it is at once as late as the first of them wants. For tasks that wait
    for timers and for each other, but for no thread, process or socket."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Be so much later."""
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    """A selector that never waits. Raises `RuntimeError` where nothing would ever happen again."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("All tasks wait for each other.")
        self._loop.jump(max(0.0, timeout))
        return super().select(0)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time from 0 on."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
