"""A stand-in for ComfyUI, and workflows in its API format."""

from pathlib import Path

WORKFLOWS = Path(__file__).parent / "workflows"


def workflow(name: str) -> str:
    """The path of a workflow's file."""
    return str(WORKFLOWS / f"{name}.json")
