"""How many rows a forward has: padded to a few sizes, up to the largest that pays on this device.

On most devices the arithmetic of a forward depends a little on its number of rows, so that a picture differs in the
last bits with what is drawn beside it. Padding to a few sizes limits how often that happens; padding to one size always
rules it out.
"""

import logging
import math
import time
from collections.abc import Callable
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
"""Rows of the buckets, close enough that little is wasted: padding costs as much as other rows."""

LEAST = 2
"""Rows of one guided picture, the smallest forward worth measuring."""

WORTHWHILE = 1.02
"""How many times more rows a second twice the rows must bring. The rest of a step gains more than the forward."""

TURNS = 7
"""How often either number of rows is timed, one right after the other. A change in the machine's pace then slows both,
and the median of the gains of all turns hardly moves."""

SLOW_SECONDS = 1.0
"""A forward that takes longer fills the device already, and more rows would only make everybody wait."""

BUSY_SHARE = 0.1
"""The share of the processor that other programs may use before they disturb a measurement."""

QUIET_SECONDS = 60.0
"""How long other programs must have been quiet before a disturbed measurement is repeated."""

RESULT_SECONDS = 24 * 60 * 60.0
"""The age at which a result is measured again in any case."""


class RowBuckets:
    """The bucket sizes in use, up to `most` rows. With `strict` only the largest is used: every picture is then
    bit-identical whatever is drawn beside it, and a lone one costs as much as a full batch."""

    def __init__(self, most: int, strict: bool = False) -> None:
        self._most = _largest_size(most)
        self._strict = strict

    @property
    def most(self) -> int:
        """Rows of the largest bucket."""
        return self._most

    @property
    def about(self) -> str:
        """The sizes in words, for the record of a picture."""
        rows = "1 row" if self._most == 1 else f"{self._most} rows"
        return f"{rows} always" if self._strict else f"up to {rows}"

    def holding(self, rows: int) -> int:
        """The size of the bucket for `rows` rows; the largest where none holds so many."""
        return self._most if self._strict or rows > self._most else next(size for size in SIZES if size >= rows)

    def grow(self, most: int) -> None:
        """Make the largest bucket hold `most` rows."""
        self._most = _largest_size(most)

    def halve(self, failed: int) -> None:
        """Go down to half of a bucket of `failed` rows, which did not fit into memory."""
        self._most = _largest_size(max(failed // 2, 1))


class Meter(Protocol):
    """Measures a device."""

    def seconds(self, state: DenoisingState, rows: int) -> float:
        """The seconds of a forward of so many rows, infinite where it does not fit into memory."""

    def has_memory(self, state: DenoisingState, rows: int) -> bool:
        """True where a forward of so many rows should fit into free memory, going by the last one measured."""

    def others_share(self) -> float:
        """The share of the processor, 0 to 1, that other programs have used since the last call."""


class Found(Enum):
    """How twice the rows compare."""

    FASTER = auto()
    NO_FASTER = auto()
    TOO_LARGE = auto()
    """They do not fit into memory."""
    FORBIDDEN = auto()
    """The host allows no more rows."""


@dataclass(frozen=True, slots=True)
class Known:
    """The largest bucket found; not `final` where nobody has asked for more yet."""

    rows: int
    final: bool
    at: float = 0.0
    """When it was measured, in seconds since 1970; 0 in files that were written before this was kept."""
    disturbed: bool = False
    """True where other programs kept the processor busy meanwhile, so that more rows may pay after all."""


class BatchSizing:
    """The buckets of each kind of picture: its model, number format and size.

    With a `meter`, the largest bucket grows as more rows are asked for, by doubling, for as long as that brings more
    rows a second and memory holds them, and never beyond `most`. Without a meter it is `most` from the start. Results,
    and sizes that did not fit into memory, are kept in `file`, so that the next start knows them; what did not fit is
    tried again once much more memory is free.

    A measurement that other programs disturb can end with too small a bucket. How busy they were is read from the
    system's counters: the processor time that was not idle, less what this process used. Unlike the ratio of processor
    time to wall time that also holds for networks too small to fill every core, and it counts the time that a
    hypervisor takes. A disturbed result is measured again once other programs have been quiet for `QUIET_SECONDS`, and
    every result once it is older than `RESULT_SECONDS`; only that corrects what other work on a GPU disturbed. Either
    happens when more rows are asked for, and starts from the known size.

    With `strict` nothing is measured, now or later.
    """

    def __init__(
        self,
        most: int,
        strict: bool = False,
        meter: Meter | None = None,
        file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._most = _largest_size(most)
        self._strict = strict
        self._meter = None if strict else meter
        self._clock = clock
        self._looked_at = clock()
        """When the meter was asked last how busy other programs are."""
        self._measurements = Measurements(file, "rows")
        self._fitting = Measurements(file, "rows that fit")
        self._fitting_beside = Measurements(None, "rows that fit beside others")
        self._buckets: dict[str, RowBuckets] = {}
        self._settled: dict[str, Known | None] = {}
        """The kinds that do not grow for now; None where memory was too short, for which no time makes up."""

    def of(self, state: DenoisingState, wanted: int = 0) -> RowBuckets:
        """The buckets for pictures that can share a forward with this one, measured as far as `wanted` rows need."""
        kind = self._kind(state)
        if kind not in self._buckets or self._is_outgrown(kind, state, wanted):
            self._buckets[kind] = self._first(kind, state)
        buckets = self._buckets[kind]
        while self._meter and wanted > buckets.most and self._may_measure(kind, self._meter):
            self._measure(self._meter, kind, state, buckets)
        return buckets

    def halve(self, state: DenoisingState, failed: int, *, beside_others: bool = False) -> RowBuckets:
        """Go down to half of the `failed` rows that did not fit into memory, until more of it is free. Where other
        models were in use too (`beside_others`), the next start tries again in any case."""
        kind = self._kind(state)
        self._settled[kind] = None
        self._buckets[kind].halve(failed)
        measurements = self._fitting_beside if beside_others else self._fitting
        measurements.put(kind, self._buckets[kind].most, memory.free(state.model.device))
        return self._buckets[kind]

    def _kind(self, state: DenoisingState) -> str:
        *_, height, width = state.result.shape
        kind = f"{state.model.spec.name}, {state.model.dtype}, {height * width} latents"
        kind += ", controlled" * state.controls
        return f"{device_name(state.model.device)}, {kind}"

    def _is_outgrown(self, kind: str, state: DenoisingState, wanted: int) -> bool:
        """True where memory was too short for more rows and may have room for them now. Strict mode keeps the rows that
        a picture was begun with."""
        if self._strict or kind not in self._settled or wanted <= self._buckets[kind].most:
            return False
        free = memory.free(state.model.device)
        return any(each.is_outgrown(kind, free) for each in (self._measurements, self._fitting, self._fitting_beside))

    def _first(self, kind: str, state: DenoisingState) -> RowBuckets:
        """The buckets as far as they are known before anything is measured."""
        free = memory.free(state.model.device)
        known = _known(self._measurements.get(kind, free)) if self._meter else Known(self._most, final=True)
        fitting = [each.get(kind, free) for each in (self._fitting, self._fitting_beside)]
        self._settled.pop(kind, None)
        if known.final:
            self._settled[kind] = known
        if rows := [each for each in fitting if isinstance(each, int) and each > 0]:
            known = Known(min(rows), final=True)
            self._settled[kind] = None
        return RowBuckets(min(known.rows, self._most), self._strict)

    def _may_measure(self, kind: str, meter: Meter) -> bool:
        """True for a kind that was not measured to its end, or whose result is measured again."""
        if kind not in self._settled:
            return True
        known = self._settled[kind]
        if known is None or self._buckets[kind].most == self._most:
            return False
        is_old = not 0 <= self._clock() - known.at <= RESULT_SECONDS
        return is_old or (known.disturbed and self._is_quiet(meter))

    def _is_quiet(self, meter: Meter) -> bool:
        """True where other programs have used little of the processor since the last look."""
        if 0 <= self._clock() - self._looked_at < QUIET_SECONDS:
            return False
        return self._look(meter) <= BUSY_SHARE

    def _look(self, meter: Meter) -> float:
        """The share of the processor that other programs have used since the last look."""
        self._looked_at = self._clock()
        return meter.others_share()

    def _measure(self, meter: Meter, kind: str, state: DenoisingState, buckets: RowBuckets) -> None:
        """Try twice the rows, and settle for the present ones where that is no gain."""
        rows, twice = buckets.most, _largest_size(min(2 * buckets.most, self._most))
        self._look(meter)
        found = self._found(meter, state, rows, twice) if twice > rows else Found.FORBIDDEN
        disturbed = self._look(meter) > BUSY_SHARE and found is Found.NO_FASTER
        if found is Found.FASTER:
            buckets.grow(twice)
            self._settled.pop(kind, None)
            return
        known = Known(rows, found is not Found.FORBIDDEN, self._clock(), disturbed)
        free = memory.free(state.model.device) if found is Found.TOO_LARGE else None
        busy = ", measured while the machine was busy" if disturbed else ""
        log.info("at most %s rows a forward%s: %s", rows, busy, kind)
        self._settled[kind] = known
        self._measurements.put(kind, asdict(known), free)

    def _found(self, meter: Meter, state: DenoisingState, rows: int, twice: int) -> Found:
        """Compare `twice` the rows with the present ones."""
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
        """The seconds of a forward, other than the first of so many rows, for which kernels may be chosen or
        compiled."""
        first = meter.seconds(state, rows)
        return first if first <= SLOW_SECONDS or first == math.inf else meter.seconds(state, rows)


def _largest_size(rows: int) -> int:
    """The largest bucket of at most so many rows."""
    return max(size for size in SIZES if size <= rows)


def _known(entry: Any) -> Known:
    """A result as it was read from the file."""
    match entry:
        case {"rows": int(rows), "final": bool(final)} if rows >= LEAST:
            at, disturbed = entry.get("at", 0.0), entry.get("disturbed", False)
            return Known(rows, final, float(at) if isinstance(at, int | float) else 0.0, disturbed is True)
    return Known(LEAST, final=False)
