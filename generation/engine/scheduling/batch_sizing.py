"""How many rows a forward has: padded to a few sizes, up to the largest that measuring shows to pay.

On most devices the arithmetic of a forward depends a little on its number of rows, so that a picture drawn in other
company differs in the last bits. Padding to a few sizes bounds how often that happens; padding to one size always
ends it.
"""

import logging
import math
from dataclasses import asdict, dataclass
from enum import Enum, auto
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from generation.engine.denoising.state import DenoisingState
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.scheduling.profiling import device_name

log = logging.getLogger(__name__)

SIZES = (1, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 48, 64, 96, 128)
"""Close enough for little to be wasted: rows that nobody needs cost as much as others."""

LEAST = 2
"""Rows of one guided picture: less is not worth asking for."""

WORTHWHILE = 1.02
"""How many times more rows a second twice the rows must bring; whatever a step does beside its forward gains more."""

TURNS = 7
"""How often either number of rows is measured, one right after the other. A machine that changes its pace does so to
both, so that the median of what each turn gains holds where the fastest forwards of all would not."""

SLOW_SECONDS = 1.0
"""A forward that takes so long fills the device already, and more rows would only make everybody wait."""


class RowBuckets:
    """The sizes in use, up to `most` rows. `strict` uses the largest alone: every picture is then bit-identical
    whatever else is drawn, and a lone one costs as much as a full batch."""

    def __init__(self, most: int, strict: bool = False) -> None:
        self._most = max(size for size in SIZES if size <= most)
        self._strict = strict

    @property
    def most(self) -> int:
        """The rows of the largest bucket."""
        return self._most

    @property
    def about(self) -> str:
        rows = "1 row" if self._most == 1 else f"{self._most} rows"
        return f"{rows} always" if self._strict else f"up to {rows}"

    def holding(self, rows: int) -> int:
        """The size of the bucket for `rows` rows; the largest where none holds so many."""
        return self._most if self._strict or rows > self._most else next(size for size in SIZES if size >= rows)

    def grow(self, most: int) -> None:
        """Have so many rows in the largest."""
        self._most = max(size for size in SIZES if size <= most)

    def halve(self, failed: int) -> None:
        """Half of what did not fit into memory, which was a bucket of `failed` rows."""
        self._most = max(size for size in SIZES if size <= max(failed // 2, 1))


class Meter(Protocol):
    """What can be found out about a device by trying."""

    def seconds(self, state: DenoisingState, rows: int) -> float:
        """How long a forward of so many rows takes, without end where it does not fit into memory."""

    def has_memory(self, state: DenoisingState, rows: int) -> bool:
        """Whether a forward of so many rows fits beside all else, going by the last one measured."""


class Found(Enum):
    """What twice the rows turn out to be."""

    FASTER = auto()
    NO_FASTER = auto()
    TOO_LARGE = auto()
    """For the memory that there is."""
    FORBIDDEN = auto()
    """By the host."""


@dataclass(frozen=True, slots=True)
class Known:
    """The largest bucket found; not `final` where more was never asked for."""

    rows: int
    final: bool


class BatchSizing:
    """The buckets of each kind of picture: its model, number format and size.

    With a `meter`, the largest bucket grows as it is asked for more rows, twice as many at a time, for as long as that
    brings more rows a second and memory holds them, and never beyond `most`. Without a meter it is `most` from the
    first. What was measured, and what did not fit into memory, is kept in `file`, so that no start finds it out again;
    what did not fit is tried again once many more bytes are free.
    """

    def __init__(self, most: int, strict: bool = False, meter: Meter | None = None, file: Path | None = None) -> None:
        self._most = most
        self._strict = strict
        self._meter = None if strict else meter
        self._measurements = Measurements(file, "rows")
        self._fitting = Measurements(file, "rows that fit")
        self._fitting_beside = Measurements(None, "rows that fit beside others")
        self._buckets: dict[str, RowBuckets] = {}
        self._settled: set[str] = set()

    def of(self, state: DenoisingState, wanted: int = 0) -> RowBuckets:
        """The buckets for pictures that can share a forward with this one, measured as far as `wanted` rows need."""
        kind = self._kind(state)
        if kind not in self._buckets or self._is_outgrown(kind, state, wanted):
            self._buckets[kind] = self._first(kind, state)
        buckets = self._buckets[kind]
        while self._meter and wanted > buckets.most and kind not in self._settled:
            self._measure(self._meter, kind, state, buckets)
        return buckets

    def halve(self, state: DenoisingState, failed: int, *, beside_others: bool = False) -> RowBuckets:
        """Go back to half of the `failed` rows that did not fit into memory, until there is more of it. Where other
        models were at work too (`beside_others`), the next start tries again in any case."""
        kind = self._kind(state)
        self._settled.add(kind)
        self._buckets[kind].halve(failed)
        measurements = self._fitting_beside if beside_others else self._fitting
        measurements.put(kind, self._buckets[kind].most, memory.free(state.model.device))
        return self._buckets[kind]

    def _kind(self, state: DenoisingState) -> str:
        *_, height, width = state.result.shape
        kind = f"{state.model.spec.name}, {state.model.dtype}, {height * width} latents"
        if state.controlled:
            kind += ", controlled"
        return f"{device_name(state.model.device)}, {kind}"

    def _is_outgrown(self, kind: str, state: DenoisingState, wanted: int) -> bool:
        """Whether memory that was too short for more rows may have a place for them now. Strict mode keeps to the rows
        that a picture was begun with."""
        if self._strict or kind not in self._settled or wanted <= self._buckets[kind].most:
            return False
        free = memory.free(state.model.device)
        return any(each.is_outgrown(kind, free) for each in (self._measurements, self._fitting, self._fitting_beside))

    def _first(self, kind: str, state: DenoisingState) -> RowBuckets:
        """As far as it is known before anything is measured."""
        free = memory.free(state.model.device)
        known = _known(self._measurements.get(kind, free)) if self._meter else Known(self._most, final=True)
        fitting = [each.get(kind, free) for each in (self._fitting, self._fitting_beside)]
        if rows := [each for each in fitting if isinstance(each, int) and each > 0]:
            known = Known(min(rows), final=True)
        self._settled.discard(kind)
        if known.final:
            self._settled.add(kind)
        return RowBuckets(min(known.rows, self._most), self._strict)

    def _measure(self, meter: Meter, kind: str, state: DenoisingState, buckets: RowBuckets) -> None:
        """Try twice the rows, and settle for what there is where that is no gain."""
        rows, twice = buckets.most, min(2 * buckets.most, self._most)
        found = self._found(meter, state, rows, twice) if twice > rows else Found.FORBIDDEN
        if found is Found.FASTER:
            buckets.grow(twice)
            return
        self._settled.add(kind)
        free = memory.free(state.model.device) if found is Found.TOO_LARGE else None
        log.info("at most %s rows a forward: %s", rows, kind)
        self._measurements.put(kind, asdict(Known(rows, final=found is not Found.FORBIDDEN)), free)

    def _found(self, meter: Meter, state: DenoisingState, rows: int, twice: int) -> Found:
        """Whether `twice` the rows fit, and come faster."""
        now = self._usual_seconds(meter, state, rows)
        if SLOW_SECONDS < now < math.inf:
            return Found.NO_FASTER
        if now == math.inf or not meter.has_memory(state, twice):
            return Found.TOO_LARGE
        if meter.seconds(state, twice) == math.inf:
            return Found.TOO_LARGE
        turns = [[meter.seconds(state, each) for each in (rows, twice)] for _ in range(TURNS)]
        if any(math.inf in turn for turn in turns):
            return Found.TOO_LARGE
        gain = median(now / rows / (then / twice) for now, then in turns)
        return Found.FASTER if gain >= WORTHWHILE else Found.NO_FASTER

    @staticmethod
    def _usual_seconds(meter: Meter, state: DenoisingState, rows: int) -> float:
        """What a forward takes, other than the first of so many rows, for which kernels may be chosen or compiled."""
        first = meter.seconds(state, rows)
        return first if first <= SLOW_SECONDS or first == math.inf else meter.seconds(state, rows)


def _known(noted: Any) -> Known:
    match noted:
        case {"rows": int(rows), "final": bool(final)} if rows >= LEAST:
            return Known(rows, final)
    return Known(LEAST, final=False)
