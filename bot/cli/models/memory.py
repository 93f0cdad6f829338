"""The memory that a model needs."""

from bot.cli.models.amounts import gigabytes
from generation import placement
from generation.catalogue import ModelSpec


def told(spec: ModelSpec, size: int) -> str:
    """The memory for people. `size` is that of the model's weights in bytes, told where nothing else is known; empty
    where it is 0."""
    if spec.is_workflow:
        return ""
    if needs := placement.needs(spec):
        return needs.told
    if not size:
        return ""
    return f"{gigabytes(size)} and some more for a picture of {spec.width}×{spec.height}"


def brief(spec: ModelSpec) -> str:
    """The memory in a few words; empty where it is not known."""
    needs = None if spec.is_workflow else placement.needs(spec)
    return f"needs {needs.brief}" if needs else ""
