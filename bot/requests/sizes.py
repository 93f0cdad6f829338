"""Sizes in a given aspect, inside the limits."""

from dataclasses import dataclass
from math import ceil

from bot.policy.effective import EffectiveRules, Range
from generation.settings import SIZE

_SIDES = frozenset({"width", "height"})


@dataclass(frozen=True, slots=True)
class Room:
    """The smallest and the largest width and height of a picture, in pixels; all are multiples of `step`."""

    widths: tuple[int, int] = (SIZE.low, SIZE.high)
    heights: tuple[int, int] = (SIZE.low, SIZE.high)
    step: int = SIZE.multiple_of
    """Widths and heights are multiples of this."""


def room(effective: EffectiveRules, hires_factor: float, *, asked: bool, step: int = SIZE.multiple_of) -> Room:
    """The room for a picture that is drawn `hires_factor` times larger in the end.

    Where somebody `asked` for an aspect and both sides are locked, the locks are left out here: they refuse it
    later.
    """
    locked = effective.locked & _SIDES
    if asked and locked == _SIDES:
        locked = frozenset()
    widths, heights = (_lengths(effective, name, hires_factor, name in locked, step) for name in ("width", "height"))
    return Room(widths, heights, step)


def fitted(aspect: tuple[int, int], width: int, height: int, room: Room) -> tuple[int, int]:
    """Width and height in an aspect, with about as many pixels as `width` x `height`, as far as there is `room`."""
    across, down = aspect
    most = min(room.widths[1] / across, room.heights[1] / down)
    least = max(room.widths[0] / across, room.heights[0] / down)
    scale = min(max((width * height / (across * down)) ** 0.5, least), most)
    return _nearest(across * scale, room.widths, room.step), _nearest(down * scale, room.heights, room.step)


def _lengths(effective: EffectiveRules, side: str, hires_factor: float, is_locked: bool, step: int) -> tuple[int, int]:
    default: int | None = getattr(effective.defaults, side)
    if is_locked and default is not None:
        return default, default
    bounds = effective.ranges.get(side, Range())
    least = max(SIZE.low, bounds.least or 0)
    longest = min(SIZE.high, effective.limits.side or SIZE.high) // step * step
    most = min(longest / hires_factor, bounds.most or SIZE.high)
    low = ceil(least / step) * step
    return low, max(low, int(most) // step * step)


def _nearest(length: float, lengths: tuple[int, int], step: int) -> int:
    low, high = lengths
    return min(max(round(length / step) * step, low), high)
