"""A workflow filled with the settings of one picture, ready to be queued."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from generation import cost
from generation.comfy import naming, samplers
from generation.comfy.graph import Graph
from generation.comfy.roles import Role
from generation.settings import GenerationSettings

Value = str | int | float
Prompt = dict[str, dict[str, Any]]
"""Nodes as ComfyUI's `/prompt` takes them."""


def values_of(settings: GenerationSettings, uploaded: Mapping[Role, str]) -> dict[Role, Value]:
    """What the settings put into a workflow. `uploaded` are the names of the pictures on the server."""
    values: dict[Role, Value] = {
        Role.PROMPT: settings.prompt,
        Role.NEGATIVE_PROMPT: settings.negative_prompt,
        Role.SEED: settings.seed,
        Role.STEPS: cost.steps(settings, Role.IMAGE in uploaded),
        Role.GUIDANCE: settings.guidance_scale,
        Role.WIDTH: settings.width,
        Role.HEIGHT: settings.height,
        Role.STRENGTH: settings.denoising_strength,
        **uploaded,
    }
    if names := samplers.named(settings.sampler, settings.schedule):
        values[Role.SAMPLER], values[Role.SCHEDULE] = names
    return values


def filled(graph: Graph, settings: GenerationSettings, uploaded: Mapping[Role, str]) -> Prompt:
    """The prompt of one picture. What people wrote is in it as values, and nowhere else."""
    values = values_of(settings, uploaded)
    if not graph.takes(Role.STRENGTH):
        values[Role.STEPS] = settings.steps
    prompt: Prompt = {
        name: {"class_type": node.kind, "inputs": deepcopy(dict(node.inputs))} for name, node in graph.nodes.items()
    }
    _scale_parts(graph, prompt, values[Role.STEPS])
    for role, places in graph.places.items():
        if role in values:
            for place in places:
                prompt[place.node]["inputs"][place.input] = values[role]
    for place in graph.placeholders:
        prompt[place.node]["inputs"][place.input] = naming.filled(graph.nodes.value(place), values)
    _draw_one(graph, prompt)
    _keep_nothing(graph, prompt)
    return prompt


def _scale_parts(graph: Graph, prompt: Prompt, steps: Value) -> None:
    """Have samplers that share the steps of one picture keep their shares of them."""
    for place in graph.places.get(Role.STEPS, ()):
        inputs, before = prompt[place.node]["inputs"], graph.nodes.value(place)
        for end in ("start_at_step", "end_at_step"):
            if isinstance(at := inputs.get(end), int) and isinstance(before, int) and 0 < at < before:
                inputs[end] = round(at * int(steps) / before)


def _draw_one(graph: Graph, prompt: Prompt) -> None:
    """Have every prompt draw one picture, whatever number the workflow was saved with."""
    for place in graph.places.get(Role.WIDTH, ()):
        inputs = prompt[place.node]["inputs"]
        if isinstance(inputs.get("batch_size"), int):
            inputs["batch_size"] = 1


def _keep_nothing(graph: Graph, prompt: Prompt) -> None:
    """Show the picture without saving it on the server: it belongs to whoever asked for it."""
    if prompt[graph.output]["class_type"] == "SaveImage":
        images = prompt[graph.output]["inputs"].get("images")
        prompt[graph.output] = {"class_type": "PreviewImage", "inputs": {"images": images}}
