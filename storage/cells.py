"""The cells and axes of a comparison as JSON. Each cell holds only what differs from the request's settings."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from generation import controls
from generation.comparison import Axis, Parameter
from generation.settings import GenerationSettings, Sampler, Schedule

_READERS: dict[str, Callable[[Any], Any]] = {
    "sampler": Sampler,
    "schedule": Schedule,
    "controls": controls.of_documents,
}


def to_text(settings: GenerationSettings, cells: Sequence[GenerationSettings]) -> str | None:
    """Cells as JSON; None where there are none."""
    own = asdict(settings)
    changes = [{name: value for name, value in asdict(cell).items() if value != own[name]} for cell in cells]
    return json.dumps(changes, ensure_ascii=False) if cells else None


def of_text(settings: GenerationSettings, text: str | None) -> tuple[GenerationSettings, ...]:
    """Cells from JSON that `to_text` wrote."""
    return tuple(replace(settings, **_read(changes)) for changes in json.loads(text or "[]"))


def _read(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: _READERS[name](value) if name in _READERS else value for name, value in changes.items()}


def axes_to_text(axes: Sequence[Axis]) -> str | None:
    """Axes as JSON; None where there are none."""
    return json.dumps([[axis.parameter, axis.values] for axis in axes], ensure_ascii=False) if axes else None


def axes_of_text(text: str | None) -> tuple[Axis, ...]:
    """Axes from JSON that `axes_to_text` wrote."""
    return tuple(Axis(Parameter(name), tuple(values)) for name, values in json.loads(text or "[]"))
