"""Sheets that are drawn part by part, so that others have their turns between."""

from dataclasses import replace
from math import ceil

from generation import cost
from generation.events import Event, Progress
from generation.pace import Work
from storage.records import Generation

TOGETHER = 4
"""Cells of a comparison that are drawn at the same time: as many pictures as other requests have at most."""


def next_cells(generation: Generation) -> tuple[int, ...]:
    """The cells that are drawn next, all with one model: of a comparison some that have no picture yet, of any other
    sheet all."""
    if not generation.axes:
        return tuple(range(len(generation.cells)))
    left = generation.undrawn
    model = generation.cells[left[0]].model
    return tuple(index for index in left if generation.cells[index].model == model)[:TOGETHER]


def work_next(generation: Generation) -> Work:
    """What is drawn next of a request."""
    cells = tuple(generation.cells[index] for index in next_cells(generation))
    settings = cells[0] if generation.axes else generation.settings
    return Work(settings, generation.inputs.image is not None, cells)


def work_left(generation: Generation) -> Work:
    """All that is still to be drawn of a request."""
    cells = tuple(generation.cells[index] for index in generation.undrawn) if generation.axes else generation.cells
    return Work(generation.settings, generation.inputs.image is not None, cells)


def overall(generation: Generation, event: Event) -> Event:
    """What happens to a part of a comparison, as progress of all of it."""
    if not generation.axes or not isinstance(event, Progress):
        return event
    of_picture = generation.inputs.image is not None
    steps = [cost.steps(each, of_picture) for each in generation.cells]
    before = sum(steps) - sum(steps[index] for index in generation.undrawn)
    return replace(event, step=before + event.step, steps=sum(steps))


def charged_for(generation: Generation, share: float) -> int:
    """The steps that a budget keeps of a request which is cancelled, when `share` of what is drawn next is done."""
    if not generation.axes:
        return ceil(generation.charged * share)
    of_picture = generation.inputs.image is not None
    costs = [cost.charged(cell, of_picture) for cell in generation.cells]
    left = sum(costs[index] for index in generation.undrawn)
    return sum(costs) - left + ceil(share * sum(costs[index] for index in next_cells(generation)))
