from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")


def finish(work: Generator[None, None, Result]) -> Result:
    """Run a generator to its end; its return value."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
