"""A generator from a function that can't yield itself, by a thread that takes turns with its caller."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import TypeVar

Result = TypeVar("Result")

Pause = Callable[[], None]


class Abandoned(Exception):
    """The generator was closed before the work ended."""


def in_turns(work: Callable[[Pause], Result]) -> Generator[None, None, Result]:
    """Run `work` in a thread, one slice at a time: from one call of the function it is given to the next.

    The thread and its caller never run at once. Where the generator is closed before the end, that function raises
    `Abandoned`, and the thread ends.
    """
    turn, over = Semaphore(0), Semaphore(0)
    working, abandoned = True, False

    def pause() -> None:
        over.release()
        turn.acquire()
        if abandoned:
            raise Abandoned

    def run() -> Result:
        nonlocal working
        turn.acquire()
        try:
            return work(pause)
        finally:
            working = False
            over.release()

    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(run)
        try:
            while True:
                turn.release()
                over.acquire()
                if not working:
                    return result.result()
                yield
        finally:
            abandoned = True
            turn.release()
