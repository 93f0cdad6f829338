"""diffusers' hooks that reuse the work of earlier steps, for one picture at a time.

The hooks remember what a forward did by the name of a context. Here every row of a picture has a context of its own,
and its forwards have one row each.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import torch

from generation.engine.conditioning.rows import Row
from generation.step_cache import StepCache


class StepCacheHooks:
    """The hooks of one transformer, off until a picture begins."""

    def __init__(self, network: Any, kind: StepCache) -> None:
        self._network = network
        self._kind = kind
        self._timestep = math.inf
        """The timestep that FasterCache is told, which would skip the first forward of a row at one below 681."""
        self._contexts: dict[Row, str] = {}
        self._others = count()
        self._states: dict[str, dict[Any, Any]] = {}
        """By context, what each hook of FasterCache remembers: they know no contexts."""

    def begin(self, rows: Sequence[Row]) -> None:
        """Begin a picture, whose forwards are of these rows. Nothing is remembered of the one before."""
        self.end()
        self._network.enable_cache(self._config())
        self._contexts = {row: f"row {number}" for number, row in enumerate(rows)}

    def end(self) -> None:
        """Take the hooks off, and free what they remember."""
        if self._network.is_cache_enabled:
            self._network.disable_cache()
        self._contexts.clear()
        self._states.clear()

    @contextmanager
    def context(self, row: Row, timestep: torch.Tensor) -> Iterator[None]:
        """Inside, the network predicts for this row at a timestep from 1000 down to 0. A row that is not of the picture
        is computed in full."""
        if not self._network.is_cache_enabled:
            yield
            return
        name = self._contexts.get(row) or f"other {next(self._others)}"
        self._timestep = float(timestep) if name in self._states else math.inf
        if self._kind is StepCache.FASTER:
            self._exchange_states(self._states.setdefault(name, {}))
        with self._network.cache_context(name):
            yield

    def _config(self) -> Any:
        import diffusers

        match self._kind:
            case StepCache.FIRST_BLOCK:
                return diffusers.FirstBlockCacheConfig()
            case StepCache.TAYLORSEER:
                return diffusers.TaylorSeerCacheConfig()
        return diffusers.FasterCacheConfig(
            current_timestep_callback=lambda: self._timestep,
            attention_weight_callback=lambda _: 0.5,
            is_guidance_distilled=True,  # forwards have one row each
        )

    def _exchange_states(self, states: dict[Any, Any]) -> None:
        for module in self._network.modules():
            registry = getattr(module, "_diffusers_hook", None)
            for name, hook in registry.hooks.items() if registry else ():
                if name.startswith("faster_cache"):
                    hook.state = self._states.setdefault(hook, type(hook.state)())
