"""`noisefox models list` and `show`."""

from pathlib import Path

from bot.cli.models import files, memory, speed
from bot.cli.models.amounts import gigabytes
from bot.config import Config
from generation import suitability
from generation.catalogue import POCKET_DIRECTORY, ModelSpec


def state_of(spec: ModelSpec) -> str:
    """Whether a model is on this machine, in a few words."""
    if spec.source == str(POCKET_DIRECTORY):
        return "ships with Noisefox"
    if spec.is_workflow:
        return "a workflow of ComfyUI" if files.is_here(spec) else "missing"
    if files.is_here(spec):
        return f"{gigabytes(files.size_here(spec))} on this machine"
    if spec.address or files.on_hub(spec.source):
        return "not downloaded"
    return "missing"


def list_lines(config: Config) -> list[str]:
    """A line for each model of a configuration."""
    default = config.catalogue.default
    lines = []
    for spec in config.models:
        mark = " (default)" if spec.name == default.name else ""
        parts = [_origin(spec), state_of(spec), memory.brief(spec), spec.licence]
        lines.append(f"{spec.name}{mark}: {'; '.join(filter(None, parts))}")
    return lines


def show_lines(spec: ModelSpec, data: Path) -> list[str]:
    """What is known of a model."""
    used = suitability.fitted(spec.preferred, spec)
    lines = [
        f"{spec.name}: {_origin(spec)}",
        f"family:   {_family(spec)}",
        f"licence:  {spec.licence or 'not stated'}",
        f"state:    {state_of(spec)}",
    ]
    if needed := memory.told(spec, files.size_here(spec)):
        lines.append(f"memory:   {needed}")
    sampler = used.sampler.value if used.sampler else "the model's own"
    return [
        *lines,
        f"settings: {used.width}×{used.height}, {used.steps} steps, guidance {used.guidance_scale:g}, {sampler}",
        f"time:     {speed.told(spec, data)}",
    ]


def _family(spec: ModelSpec) -> str:
    if spec.is_workflow:
        return "whatever its workflow draws with"
    return spec.family or "known once it is downloaded"


def _origin(spec: ModelSpec) -> str:
    return "pocket" if spec.source == str(POCKET_DIRECTORY) else files.origin_of(spec)
