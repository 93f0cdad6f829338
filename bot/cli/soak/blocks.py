"""How long callbacks block the event loop, in CPU time of its thread: ours, and those of libraries."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[3]
_OURS = tuple(str(_ROOT / package) + "/" for package in ("bot", "storage", "generation"))


@dataclass
class Blocks:
    """The longest callbacks in seconds, and what they ran."""

    ours: float = 0.0
    our_callback: str = ""
    libraries: float = 0.0
    library_callback: str = ""

    def install(self) -> None:
        """Measure every callback of every loop in this process from now on."""
        run = asyncio.events.Handle._run

        def measured(handle: asyncio.events.Handle) -> None:
            codes = list(_codes(handle))
            started = time.thread_time()
            run(handle)
            self._note(time.thread_time() - started, codes)

        setattr(asyncio.events.Handle, "_run", measured)  # noqa: B010 - typeshed knows another signature

    def reset(self) -> None:
        """Forget what was measured so far, such as the start."""
        self.ours = self.libraries = 0.0

    def save(self, file: Path) -> None:
        """Write what was measured as JSON."""
        file.write_text(json.dumps(asdict(self)))

    def _note(self, seconds: float, codes: list[Any]) -> None:
        if seconds <= min(self.ours, self.libraries):
            return
        own = [code for code in codes if code.co_filename.startswith(_OURS)]
        if own and seconds > self.ours:
            self.ours, self.our_callback = seconds, own[-1].co_qualname
        elif not own and seconds > self.libraries:
            self.libraries, self.library_callback = seconds, codes[-1].co_qualname if codes else ""


def _codes(handle: asyncio.events.Handle) -> Iterator[Any]:
    """The code that a callback runs: its function's, or, for a task, that of each coroutine it waits in."""
    callback = handle._callback  # type: ignore[attr-defined]
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        if code := getattr(callback, "__code__", None):
            yield code
        return
    awaited: Any = task.get_coro()
    while awaited is not None:
        for kind in ("cr", "gi", "ag"):
            if code := getattr(awaited, f"{kind}_code", None):
                yield code
                awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await", None)
                break
        else:
            return
