"""The nodes of a workflow in ComfyUI's API format: JSON, read with care, and the links between them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import ModelUnavailable

LARGEST = 4 * 2**20
"""Bytes of a file that is read as a workflow."""

FAR = 60
"""Nodes that are followed along one chain."""

HELD = ("value", "seed", "noise_seed", "int", "float", "number", "string", "text", "string_a")
"""Inputs of nodes that hold nothing but a value."""

Link = tuple[str, int]
"""A node's id, and the number of one of its outputs."""


class BrokenWorkflow(ModelUnavailable):
    """A file that is no workflow, or one that draws nothing; the text is for the host."""


@dataclass(frozen=True, slots=True)
class Place:
    """An input of a node."""

    node: str
    input: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node; `inputs` are values, or links to other nodes' outputs."""

    kind: str
    """ComfyUI's `class_type`."""
    inputs: Mapping[str, Any]
    title: str = ""
    """The title that its author gave it, in lower case."""

    def links(self) -> Iterator[tuple[str, Link]]:
        """The inputs that are links, by name."""
        for name, value in self.inputs.items():
            if link := link_of(value):
                yield name, link


class Nodes(dict[str, Node]):
    """The nodes of a workflow, by their ids."""

    def behind(self, node: str, *inputs: str) -> Link | None:
        """The output that the first of these inputs is linked to, if it is a link."""
        for name in inputs:
            link = link_of(self[node].inputs.get(name))
            if link and link[0] in self:
                return link
        return None

    def chain(self, node: str, inputs: Iterable[str]) -> Iterator[str]:
        """The nodes behind a node, each linked by the first of these inputs that is a link."""
        inputs = tuple(inputs)
        for _ in range(FAR):
            link = self.behind(node, *inputs)
            if link is None:
                return
            node = link[0]
            yield node

    def upstream(self, node: str) -> list[str]:
        """All nodes that a node needs, and itself, the nearest first."""
        seen = {node: None}
        for each in iter(waiting := [node]):
            for _, (source, _) in self[each].links():
                if source in self and source not in seen:
                    seen[source] = None
                    waiting.append(source)
        return list(seen)

    def held(self, node: str, *inputs: str) -> Place | None:
        """Where the value of the first of these inputs stands, through nodes that only hold one."""
        for _ in range(FAR):
            name = next((each for each in inputs if each in self[node].inputs), None)
            if name is None:
                return None
            link = link_of(self[node].inputs[name])
            if link is None:
                return Place(node, name)
            if link[0] not in self:
                return None
            node, inputs = link[0], HELD
        return None

    def value(self, place: Place) -> Any:
        """The value at a place."""
        return self[place.node].inputs[place.input]


def link_of(value: Any) -> Link | None:
    """An input as a link; None for a value."""
    match value:
        case [str() | int() as node, int() as output] if not isinstance(node, bool):
            return str(node), output
    return None


def read(source: str) -> Nodes:
    """Read the nodes of a workflow's file. Raises `BrokenWorkflow`."""
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > LARGEST:
            raise BrokenWorkflow(f"{source} is too large for a workflow.")
        return parsed(path.read_text(encoding="utf-8"))
    except OSError as reason:
        raise BrokenWorkflow(f"{source} can't be read: {reason.strerror}.") from reason
    except UnicodeError:
        raise BrokenWorkflow(f"{source} is no JSON. Export the workflow from ComfyUI in its API format.") from None


def parsed(text: str) -> Nodes:
    """The nodes in the text of a workflow. Raises `BrokenWorkflow`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenWorkflow("This is no JSON. Export the workflow from ComfyUI in its API format.") from None
    if not isinstance(document, dict) or isinstance(document.get("nodes"), list):
        raise BrokenWorkflow("This workflow is in the format of ComfyUI's page. Export it with “Export (API)”.")
    return Nodes({name: _node(name, each) for name, each in document.items()})


def _node(name: str, document: Any) -> Node:
    match document:
        case {"class_type": str() as kind, "inputs": dict() as inputs}:
            meta = document.get("_meta")
            title = meta.get("title") if isinstance(meta, dict) else ""
            return Node(kind, inputs, title.strip().lower() if isinstance(title, str) else "")
    raise BrokenWorkflow(f"“{name[:40]}” is no node of ComfyUI's API format. Export the workflow with “Export (API)”.")


def digest(nodes: Nodes) -> str:
    """Ten hexadecimal digits that tell a workflow from others."""
    written = json.dumps({name: [node.kind, node.inputs] for name, node in nodes.items()}, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:10]
