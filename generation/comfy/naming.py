"""Placeholders and titles, by which the author of a workflow says what goes where."""

import re
from collections.abc import Iterator, Mapping

from generation.comfy.nodes import Nodes, Place
from generation.comfy.roles import INPUTS, NAMES, Role

_PLACEHOLDER = re.compile(r"%([a-z_]+)%", re.IGNORECASE)

_FILE_NAMES = ("filename_prefix", "filename", "path")
"""Inputs in which nothing is filled in: ComfyUI has placeholders of its own there, and they name files."""


def role_called(name: str) -> Role | None:
    """The role of a placeholder's name, or a node's title."""
    return NAMES.get(name.lower().replace("_", " "))


def placeholders(nodes: Nodes) -> dict[Place, tuple[Role, ...]]:
    """The inputs whose texts hold placeholders, each with what it is filled with."""
    return {place: roles for place, text in _texts(nodes) if (roles := tuple(_roles_in(text)))}


def unknown(nodes: Nodes) -> list[str]:
    """What looks like a placeholder and is none, such as `%promt%`."""
    found = (match for _, text in _texts(nodes) for match in _PLACEHOLDER.finditer(text))
    return list(dict.fromkeys(match[0] for match in found if role_called(match[1]) is None))


def titled(nodes: Nodes) -> dict[Role, tuple[Place, ...]]:
    """The inputs of nodes whose titles name a role."""
    found: dict[Role, tuple[Place, ...]] = {}
    for name, node in nodes.items():
        roles = (Role.WIDTH, Role.HEIGHT) if node.title == "size" else tuple(filter(None, [role_called(node.title)]))
        for role in roles:
            places = tuple(Place(name, each) for each in INPUTS[role] if _is_value(node.inputs.get(each)))
            if places:
                found[role] = (*found.get(role, ()), *places)
    return found


def filled(text: str, values: Mapping[Role, str | int | float]) -> str | int | float:
    """A text with its placeholders filled in, once: what is filled in is read no further. A placeholder that is all of
    the text becomes the value itself, a number for a number."""
    alone = _PLACEHOLDER.fullmatch(text.strip())
    if alone and (role := role_called(alone[1])):
        return values.get(role, "")
    return _PLACEHOLDER.sub(lambda match: _filled(match, values), text)


def _filled(match: re.Match[str], values: Mapping[Role, str | int | float]) -> str:
    role = role_called(match[1])
    return str(values.get(role, "")) if role else match[0]


def _roles_in(text: str) -> Iterator[Role]:
    for match in _PLACEHOLDER.finditer(text):
        if role := role_called(match[1]):
            yield role


def _texts(nodes: Nodes) -> Iterator[tuple[Place, str]]:
    for name, node in nodes.items():
        for each, value in node.inputs.items():
            if isinstance(value, str) and each not in _FILE_NAMES:
                yield Place(name, each), value


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float)
