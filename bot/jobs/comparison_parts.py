"""Comparisons run part by part, so that other people have their turns between."""

from dataclasses import replace
from math import ceil

from generation import cost
from generation.events import Event, Progress
from generation.pace import Work
from storage.records import Generation

TOGETHER = 4
"""The most cells of a comparison in one part: as many pictures as any other request may have."""


def next_cells(generation: Generation) -> tuple[int, ...]:
    """The indices of the cells that run next, all with one model. A sheet that is no comparison runs in one part."""
    if not generation.axes:
        return tuple(range(len(generation.cells)))
    return _first_part(generation, generation.undrawn)


def work_next(generation: Generation) -> Work:
    """The work of a request's next part."""
    return _work_of(generation, next_cells(generation))


def parts_left(generation: Generation) -> list[Work]:
    """The work of every part that is left of a request."""
    if not generation.axes:
        return [work_next(generation)]
    parts, left = [], generation.undrawn
    while left:
        part = _first_part(generation, left)
        parts.append(_work_of(generation, part))
        left = tuple(index for index in left if index not in part)
    return parts


def _first_part(generation: Generation, left: tuple[int, ...]) -> tuple[int, ...]:
    model = generation.cells[left[0]].model
    return tuple(index for index in left if generation.cells[index].model == model)[:TOGETHER]


def _work_of(generation: Generation, indices: tuple[int, ...]) -> Work:
    cells = tuple(generation.cells[index] for index in indices)
    settings = cells[0] if generation.axes else generation.settings
    return Work(settings, generation.inputs.image is not None, cells)


def overall(generation: Generation, event: Event) -> Event:
    """An event of a part of a comparison, with the progress of the whole."""
    if not generation.axes or not isinstance(event, Progress):
        return event
    of_picture = generation.inputs.image is not None
    steps = [cost.steps(each, of_picture) for each in generation.cells]
    before = sum(steps) - sum(steps[index] for index in generation.undrawn)
    return replace(event, step=before + event.step, steps=sum(steps))


def charged_for(generation: Generation, share: float) -> int:
    """The steps that stay charged of a cancelled request, of whose next part a `share` (0 to 1) is done."""
    if not generation.axes:
        return ceil(generation.charged * share)
    of_picture = generation.inputs.image is not None
    costs = [cost.charged(cell, of_picture) for cell in generation.cells]
    left = sum(costs[index] for index in generation.undrawn)
    return sum(costs) - left + ceil(share * sum(costs[index] for index in next_cells(generation)))
