"""The frame of every training stage: its time budget, checkpoint, loss log, and clean stop.

A stage is a loop over steps that ends when its minutes are used up or when it is asked to stop (SIGTERM, Ctrl-C).
Time already trained is part of the checkpoint: the same command, given again, goes on where the last sitting ended,
on the same learning-rate curve. Time is processor time over threads: about the time on the clock of a free machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

import torch
from tqdm import tqdm

CHECKPOINT_SECONDS = 600.0


class Stateful(Protocol):
    """A network, an optimizer, an average of weights: whatever can say and take back its state."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


def stage_parser(description: str | None, minutes: float | None = None) -> argparse.ArgumentParser:
    """The command line every stage has; ``minutes`` is the planned time of the whole stage, all sittings together."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, default=Path(".pocket"), help="folder of art, checkpoints and logs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, to see that every line runs")
    if minutes is not None:
        parser.add_argument("--minutes", type=float, default=minutes, help="training time, over all sittings")
        parser.add_argument("--from-model", type=Path, help="begin with the weights of this model, such as the shipped")
    return parser


def save_atomically(state: Mapping[str, Any], path: Path) -> None:
    """Write ``state`` beside ``path`` and move it into place, so that a crash leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as handle:
        torch.save(dict(state), handle)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)


class Stopped(SystemExit):
    """The stage was asked to stop and has saved itself; nothing after it runs."""


class Sitting:
    """One run of one stage. Iterating yields step numbers until the time is up or a stop was asked for.

    ``parts`` are restored on entry when a checkpoint exists, and written every ten minutes, at the end, and when
    stopped. ``progress`` runs from 0 to 1 over all sittings of the stage. ``log`` appends to ``losses.jsonl``. Leaving
    after a stop raises ``Stopped``.
    """

    def __init__(self, folder: Path, parts: Mapping[str, Stateful], minutes: float, log_every: int = 50) -> None:
        self.folder = folder
        self.parts = parts
        self.seconds_planned = minutes * 60
        self.log_every = log_every
        self.step = 0
        self.samples = 0
        self.seconds_before = 0.0
        self.stop_asked = False
        self._means: dict[str, float] = {}
        self._handlers: dict[int, Any] = {}

    @property
    def checkpoint(self) -> Path:
        """The file that holds everything needed to go on."""
        return self.folder / "checkpoint.pt"

    @property
    def seconds(self) -> float:
        """Seconds trained, all sittings together: processor time over threads; a busy machine trains no less."""
        return self.seconds_before + (time.process_time() - self._started) / torch.get_num_threads()

    @property
    def progress(self) -> float:
        """Share of the planned time used, 0 to 1."""
        return min(1.0, self.seconds / max(self.seconds_planned, 1e-9))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            saved = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(saved["parts"][name])
            self.step, self.samples, self.seconds_before = saved["step"], saved["samples"], saved["seconds"]
        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers[number] = signal.signal(number, self._ask_stop)
        self._started, self._saved = time.process_time(), time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.save()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if kind is None and self.stop_asked:
            done, planned = self.seconds / 60, self.seconds_planned / 60
            raise Stopped(
                f"{self.folder.name}: stopped at {done:.1f} of {planned:.1f} minutes; the same command goes on"
            )

    def __iter__(self) -> Iterator[int]:
        total = round(self.seconds_planned)
        bar = tqdm(
            total=total,
            initial=min(round(self.seconds_before), round(self.seconds_planned)),
            unit="s",
            desc=self.folder.name,
            mininterval=2.0,
        )
        with bar:
            while self.seconds < self.seconds_planned and not self.stop_asked:
                yield self.step
                self.step += 1
                bar.n = min(round(self.seconds), total)
                bar.set_postfix({"step": self.step, **{k: f"{v:.4f}" for k, v in self._means.items()}}, refresh=False)
                bar.update(0)
                if time.monotonic() - self._saved > CHECKPOINT_SECONDS:
                    self.save()

    def _ask_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_asked = True

    def log(self, samples: int = 0, **values: float) -> None:
        """Fold the values of one step into running means; every ``log_every`` steps write a line to the log."""
        self.samples += samples
        for name, value in values.items():
            self._means[name] = value if name not in self._means else 0.98 * self._means[name] + 0.02 * value
        if self.step % self.log_every == 0:
            self.note(**self._means)

    def note(self, **values: float) -> None:
        """Append one line to the log as it is."""
        line = {"step": self.step, "seconds": round(self.seconds, 1), "samples": self.samples}
        with (self.folder / "losses.jsonl").open("a") as handle:
            handle.write(json.dumps({**line, **{name: round(value, 6) for name, value in values.items()}}) + "\n")

    def save(self) -> None:
        """Write the checkpoint now."""
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        state = {"parts": parts, "step": self.step, "samples": self.samples, "seconds": self.seconds}
        save_atomically(state, self.checkpoint)
        self._saved = time.monotonic()


def set_rate(
    optimizer: torch.optim.Optimizer, peak: float, progress: float, hold: float = 0.0, step: int = 10**9
) -> float:
    """Set and return the learning rate: 100 steps of warm-up, flat until ``hold``, then a half cosine down to 2 %."""
    falling = max(0.0, (progress - hold) / (1 - hold))
    rate = peak * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * falling)))
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("share", 1.0)
    return rate


class Average:
    """Exponential moving average of a network's weights (arXiv 2006.11239, section 4), quick to follow at first."""

    def __init__(self, parameters: list[torch.nn.Parameter], decay: float = 0.999) -> None:
        self.parameters = parameters
        self.decay = decay
        self.count = 0
        self.weights = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average one step towards the weights as they are now."""
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        torch._foreach_lerp_(self.weights, [parameter.detach() for parameter in self.parameters], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the network's weights and the average; called twice, nothing has changed."""
        for parameter, weight in zip(self.parameters, self.weights, strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(weight)
            weight.copy_(kept)

    def state_dict(self) -> dict[str, Any]:
        """Count and averaged weights."""
        return {"count": self.count, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Take back what ``state_dict`` gave."""
        self.count = state["count"]
        for mine, saved in zip(self.weights, state["weights"], strict=True):
            mine.copy_(saved)
