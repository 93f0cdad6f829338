"""The work that a call takes, counted so that no load of the machine changes it."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def unobserved() -> Iterator[None]:
    """What runs inside takes its own time alone: nobody counts its coverage, and the garbage of others stays."""
    before = sys.gettrace()
    sys.settrace(None)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.settrace(before)


def instructions(call: Callable[[], object]) -> int:
    """The bytecode instructions of a call. What C code does within one of them, such as a regex, counts as one."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    with unobserved():
        sys.settrace(trace)
        call()
    return count
