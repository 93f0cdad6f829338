"""SIGINT and SIGTERM tell the bot to stop, from its first moment on: a process 1, as in a container, would ignore
SIGTERM as long as nobody handles it."""

import asyncio
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator

log = logging.getLogger(__name__)

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """The signals of one run. Until it has `started`, a signal cancels the task that made this."""

    def __init__(self) -> None:
        self.ended_start = False
        """True once a signal came before the start was over."""
        self.task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._is_starting = True
        self._received: asyncio.Queue[None] = asyncio.Queue()

    def open(self) -> None:
        """Receive signals, where there is a way to: in the main thread, and not on Windows."""
        if threading.current_thread() is not threading.main_thread():
            return
        with contextlib.suppress(NotImplementedError):
            for number in NUMBERS:
                self._loop.add_signal_handler(number, self._receive)

    def close(self) -> None:
        """Leave the signals to the operating system again, which ends the process."""
        with contextlib.suppress(NotImplementedError):
            for number in NUMBERS:
                self._loop.remove_signal_handler(number)

    def started(self) -> None:
        """Note that the start is over: from now on, signals are waited for."""
        self._is_starting = False

    async def next(self) -> None:
        """Wait for a signal."""
        await self._received.get()

    def _receive(self) -> None:
        if not self._is_starting:
            self._received.put_nowait(None)
        elif self.task is not None:
            self.ended_start = True
            self.task.cancel()


@contextlib.contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Receive signals while the context lasts. One that comes during the start ends it, without an error."""
    signals = StopSignals()
    signals.open()
    try:
        yield signals
    except asyncio.CancelledError:
        if not signals.ended_start or signals.task is None:
            raise
        signals.task.uncancel()
        log.info("stopped before the start was over")
    finally:
        signals.close()


@contextlib.contextmanager
def leaving_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program with status 0 while no event loop runs that receives it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
