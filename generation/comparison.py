"""Comparisons: the same picture with several values of one setting, or of two in a grid."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from math import isqrt, prod

from generation import sampler_names
from generation.errors import InvalidSetting
from generation.settings import SIZE, GenerationSettings, Sampler, Schedule

MOST_CELLS = 25
"""Pictures of one comparison; a select menu has no more options."""

LEAST_VALUES = 2

ON, OFF = "on", "off"

MOST_MODELS = 6
"""Models of a comparison without given values."""


class Parameter(StrEnum):
    """The settings that can be compared."""

    STEPS = "steps"
    GUIDANCE = "guidance"
    SAMPLER = "sampler"
    CLIP_SKIP = "clip skip"
    SEED = "seed"
    SIZE = "size"
    MODEL = "model"
    STRENGTH = "strength"
    CACHE = "cache"


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting and the values to compare, as text."""

    parameter: Parameter
    values: tuple[str, ...]


def read(parameter: Parameter, text: str) -> Axis:
    """Read values separated by commas. Raises `InvalidSetting` for invalid ones."""
    values = tuple(dict.fromkeys(written(parameter, each.strip()) for each in text.split(",") if each.strip()))
    if len(values) < LEAST_VALUES:
        raise InvalidSetting(parameter, "Give at least two values, separated by commas.")
    return Axis(parameter, values)


def usual(parameter: Parameter, settings: GenerationSettings, models: Sequence[str], steps: int, side: int) -> Axis:
    """Values that show what a setting does, within the limits `steps` and `side` and among the allowed `models`."""
    match parameter:
        case Parameter.STEPS:
            most = min(steps, settings.sampler.steps.high)
            values = [str(each) for each in (1, 5, 10, 20, 30, 50, 150) if each <= most]
        case Parameter.GUIDANCE:
            values = ["1", "3", "5", "7", "12", "20"]
        case Parameter.SAMPLER:
            kinds = Sampler.EULER, Sampler.EULER_ANCESTRAL, Sampler.DPMPP_2M_KARRAS, Sampler.UNIPC, Sampler.DDIM
            values = [each.value for each in (*kinds, Sampler.HEUN)]
        case Parameter.CLIP_SKIP:
            values = ["1", "2", "3"]
        case Parameter.SEED:
            values = [str((settings.seed + number) % 2**32) for number in range(6)]
        case Parameter.SIZE:
            values = _sizes(settings.width, settings.height, side)
        case Parameter.MODEL:
            values = list(models[:MOST_MODELS])
        case Parameter.STRENGTH:
            values = ["0.2", "0.4", "0.6", "0.8", "1"]
        case Parameter.CACHE:
            values = [OFF, ON]
    if len(values) < LEAST_VALUES:
        raise InvalidSetting(parameter, "There are no other values to compare here.")
    return Axis(parameter, tuple(values))


def on_sizes(axis: Axis, drawable: Callable[[int, int], tuple[int, int]]) -> Axis:
    """An axis of sizes, each as the nearest one that is `drawable`. Raises `InvalidSetting` where they are all one."""
    sizes = dict.fromkeys("×".join(map(str, drawable(*_size(value)))) for value in axis.values)
    if len(sizes) < LEAST_VALUES:
        raise InvalidSetting(axis.parameter, "There are no other values to compare here.")
    return Axis(axis.parameter, tuple(sizes))


def thinned(axes: Sequence[Axis], open_ones: Collection[Parameter]) -> list[Axis]:
    """Axes that fit on one sheet. Those in `open_ones`, whose values nobody typed, keep their first and last value and
    as many evenly between as there is room for."""
    typed = prod(len(axis.values) for axis in axes if axis.parameter not in open_ones)
    room = max(MOST_CELLS // typed, LEAST_VALUES)
    most = isqrt(room) if len(open_ones) > 1 else room
    return [_thinned(axis, most) if axis.parameter in open_ones else axis for axis in axes]


def _thinned(axis: Axis, most: int) -> Axis:
    last = len(axis.values) - 1
    if last < most:
        return axis
    return Axis(axis.parameter, tuple(axis.values[round(number * last / (most - 1))] for number in range(most)))


def with_value(settings: GenerationSettings, parameter: Parameter, value: str) -> GenerationSettings:
    """The settings with one value of an axis. Raises `InvalidSetting` for an invalid combination."""
    match parameter:
        case Parameter.STEPS:
            return replace(settings, steps=int(value))
        case Parameter.GUIDANCE:
            return replace(settings, guidance_scale=float(value))
        case Parameter.SAMPLER:
            return replace(settings, sampler=Sampler(value))
        case Parameter.CLIP_SKIP:
            return replace(settings, clip_skip=int(value))
        case Parameter.SEED:
            return replace(settings, seed=int(value))
        case Parameter.SIZE:
            width, height = _size(value)
            return replace(settings, width=width, height=height)
        case Parameter.MODEL:
            return replace(settings, model=value)
        case Parameter.CACHE:
            return replace(settings, step_cache=value == ON)
    return replace(settings, denoising_strength=float(value))


def cells(
    settings: GenerationSettings, axes: Sequence[Axis], of_model: Callable[[str], GenerationSettings]
) -> list[GenerationSettings]:
    """The settings of each picture; the last axis varies fastest. `of_model` returns the settings for another model,
    with its recommended values. Raises `InvalidSetting`."""
    check(axes)
    drawn = []
    for values in product(*(axis.values for axis in axes)):
        chosen = dict(zip((axis.parameter for axis in axes), values, strict=True))
        model = chosen.pop(Parameter.MODEL, None)
        cell = settings if model is None else of_model(model)
        for parameter, value in chosen.items():
            cell = with_value(cell, parameter, value)
        drawn.append(cell)
    return drawn


def check(axes: Sequence[Axis]) -> None:
    """Raise `InvalidSetting` for the same setting twice, or more than `MOST_CELLS` pictures."""
    if len({axis.parameter for axis in axes}) < len(axes):
        raise InvalidSetting("parameter", "Choose two different settings to compare.")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > MOST_CELLS:
        raise InvalidSetting(
            "values",
            "This makes {count} pictures, and {most} is the maximum. Give fewer values.",
            count=count,
            most=MOST_CELLS,
        )


def written(parameter: Parameter, text: str) -> str:
    """A value in the form that is shown and saved. Raises `InvalidSetting` for an invalid one."""
    try:
        return _WRITERS.get(parameter, str)(text)
    except ValueError:
        raise InvalidSetting(
            parameter, "“{value}” isn't a valid value for {parameter}.", value=text[:40], parameter=parameter.value
        ) from None


def _sizes(width: int, height: int, side: int) -> list[str]:
    """Half, three quarters, the size itself, and half as large again."""
    grid, found = SIZE.multiple_of, []
    for factor in (0.5, 0.75, 1, 1.5):
        size = [max(round(length * factor / grid) * grid, SIZE.low) for length in (width, height)]
        if max(size) <= min(side, SIZE.high):
            found.append("×".join(map(str, size)))
    return list(dict.fromkeys(found))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().replace("×", "x").partition("x")
    return int(width), int(height or width)


def _sampler(text: str) -> str:
    sampler, schedule = sampler_names.sampler_typed(text)
    if schedule is not Schedule.SAMPLER:
        raise ValueError(text)
    return sampler.value


def _switch(text: str) -> str:
    if text.lower() not in (ON, OFF):
        raise ValueError(text)
    return text.lower()


_WRITERS: dict[Parameter, Callable[[str], str]] = {
    Parameter.STEPS: lambda text: str(int(text)),
    Parameter.GUIDANCE: lambda text: f"{float(text):g}",
    Parameter.SAMPLER: _sampler,
    Parameter.CLIP_SKIP: lambda text: str(int(text)),
    Parameter.SEED: lambda text: str(int(text)),
    Parameter.SIZE: lambda text: "×".join(map(str, _size(text))),
    Parameter.STRENGTH: lambda text: f"{float(text):g}",
    Parameter.CACHE: _switch,
}
