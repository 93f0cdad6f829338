"""Every component of a message, nested ones included."""

from collections.abc import Iterator

from playground.errors import Json


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component in a list and below it."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for name in ("accessory", "component"):
            if isinstance(component.get(name), dict):
                yield from walk([component[name]])
