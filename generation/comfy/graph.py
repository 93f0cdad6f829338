"""A workflow as a model: what it takes, what it does not, and the values that it was saved with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from generation import sources
from generation.comfy import finding, naming, nodes
from generation.comfy.nodes import BrokenWorkflow, Nodes, Place
from generation.comfy.roles import Role
from generation.settings import GUIDANCE_SCALE, SIZE, STEPS, Bounds


@dataclass(frozen=True, eq=False)
class Graph:
    """A workflow, and where it takes what."""

    nodes: Nodes
    output: str
    """The node that shows the picture."""
    samplers: tuple[str, ...]
    places: Mapping[Role, tuple[Place, ...]]
    placeholders: Mapping[Place, tuple[Role, ...]]
    inverts_mask: bool
    """True where white in its mask is what it keeps."""
    digest: str
    """Ten digits that tell it from others."""

    def takes(self, role: Role) -> bool:
        """True where a value can be put into it."""
        return role in self.places or any(role in roles for roles in self.placeholders.values())

    @property
    def takes_size(self) -> bool:
        return self.takes(Role.WIDTH) and self.takes(Role.HEIGHT)

    @property
    def starts_from_picture(self) -> bool:
        """True where it changes a picture more or less, at a strength."""
        return self.takes(Role.IMAGE) and self.takes(Role.STRENGTH)

    @property
    def is_told_guidance(self) -> bool:
        """True where guidance is told to a distilled model, which predicts once a step."""
        return any(place.input == "guidance" for place in self.places.get(Role.GUIDANCE, ()))

    def own(self, role: Role) -> Any:
        """The value that the workflow was saved with; None where it takes none, or a placeholder stands there."""
        places = self.places.get(role)
        return self.nodes.value(places[0]) if places else None


@dataclass(frozen=True, slots=True)
class Described:
    """What was found in a workflow, a sentence each, for the host."""

    takes: tuple[str, ...]
    lacks: tuple[str, ...]


_LACKS = {
    Role.NEGATIVE_PROMPT: "It takes no negative prompt.",
    Role.STEPS: "It takes no number of steps: it always takes its own.",
    Role.GUIDANCE: "It takes no guidance.",
    Role.SAMPLER: "It takes no sampler: it always uses its own.",
    Role.IMAGE: "It takes no start picture. A second model can: a workflow with a Load Image node before the sampler.",
    Role.MASK: "It takes no mask, so it can't draw a part of a picture, zoom out or pan.",
}


def read(source: str) -> Graph:
    """Read a workflow's file, again only if it has changed. Raises `BrokenWorkflow`."""
    try:
        changed = Path(source).expanduser().stat().st_mtime_ns
    except OSError as reason:
        raise BrokenWorkflow(f"{source} can't be read: {reason.strerror}.") from reason
    return _read(source, changed)


@lru_cache(maxsize=256)
def _read(source: str, changed: int) -> Graph:
    """`changed` is when the file was written. Raises `BrokenWorkflow`."""
    return graph_of(nodes.read(source))


def graph_of(given: Nodes) -> Graph:
    """What a workflow takes: as placeholders and titles say, or else as its links do. Raises `BrokenWorkflow`."""
    output = finding.output_of(given)
    placeholders = naming.placeholders(given)
    named = {role for roles in placeholders.values() for role in roles}
    places = finding.found(given, output) | naming.titled(given)
    places = {
        role: kept
        for role, each in places.items()
        if role not in named and (kept := tuple(place for place in each if place not in placeholders))
    }
    graph = Graph(
        nodes=given,
        output=output,
        samplers=tuple(finding.samplers_behind(given, output)),
        places=places,
        placeholders=placeholders,
        inverts_mask=finding.inverts_mask(given, output),
        digest=nodes.digest(given),
    )
    for role in (Role.PROMPT, Role.SEED):
        if not graph.takes(role):
            raise BrokenWorkflow(f"No input was found for the {role}. Write %{role}% where it goes, and export again.")
    return graph


def recommended(source: str) -> dict[str, Any]:
    """The size, steps and guidance that a workflow was saved with, by the fields of a model's configuration; none where
    the source is no workflow that can be read."""
    if not sources.is_workflow(source):
        return {}
    try:
        graph = read(source)
    except BrokenWorkflow:
        return {}
    fields: dict[str, tuple[Role, Bounds]] = {
        "width": (Role.WIDTH, SIZE),
        "height": (Role.HEIGHT, SIZE),
        "steps": (Role.STEPS, STEPS),
        "guidance_scale": (Role.GUIDANCE, GUIDANCE_SCALE),
    }
    found = {}
    for field, (role, bounds) in fields.items():
        value = graph.own(role)
        if isinstance(value, int | float) and not isinstance(value, bool) and bounds.low <= value <= bounds.high:
            found[field] = float(value) if role is Role.GUIDANCE else int(value - value % bounds.multiple_of)
    return found


def described(graph: Graph) -> Described:
    """What a workflow takes and what it does not, for `noisefox models check`."""
    takes = [f"{role}: {', '.join(where)}" for role in Role if (where := _where(graph, role))]
    lacks = [sentence for role, sentence in _LACKS.items() if not graph.takes(role)]
    if not graph.takes_size and not graph.takes(Role.IMAGE):
        lacks.append("It takes no size: all pictures have the same.")
    if graph.takes(Role.IMAGE) and not graph.takes(Role.STRENGTH):
        lacks.append("It takes no strength: it looks at the start picture, and changes all of it.")
    if graph.takes(Role.IMAGE):
        lacks.append("It draws nothing without a start picture.")
    lacks += [f"{each} is no placeholder: correct its spelling." for each in naming.unknown(graph.nodes)]
    return Described(tuple(takes), tuple(lacks))


def _where(graph: Graph, role: Role) -> list[str]:
    """The inputs that take something, as a host finds them in ComfyUI."""
    filled = [place for place, roles in graph.placeholders.items() if role in roles]
    places = [*graph.places.get(role, ()), *filled]
    return [f"{each.input} of node {each.node} ({graph.nodes[each.node].kind})" for each in places]
