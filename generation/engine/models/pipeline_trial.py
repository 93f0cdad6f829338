"""Tries out, when a model is loaded, whether its pipeline accepts what it is going to be called with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from PIL import Image

from generation import suitability
from generation.catalogue import ModelSpec
from generation.engine.models import pipeline_arguments
from generation.engine.models.pipeline_arguments import Pictures, PipelineKind
from generation.engine.models.pipeline_siblings import copy_of
from generation.errors import ModelUnavailable, Unsuitable

MISFITS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What pipelines raise before their first step for settings and pictures that they can't use."""


class _Accepted(Exception):
    """The pipeline has checked its inputs, and runs its first network."""


def try_out(spec: ModelSpec, pipeline: Any) -> None:
    """Call a pipeline with a model's own settings, up to its first network. Raises `ModelUnavailable` where it refuses
    them."""
    kind = PipelineKind.of(pipeline)
    settings = replace(spec.preferred, negative_prompt="").of("a fox", seed=0)
    settings = suitability.suited(settings, kind.abilities)
    blank = Image.new("RGB", (settings.width, settings.height), "gray")
    pictures = Pictures(references=(blank,)) if kind.takes.picture_needed else Pictures()
    own = copy_of(pipeline, "")
    try:
        with _stopped_at_networks(pipeline), torch.inference_mode():
            own(**pipeline_arguments.arguments(own, kind, settings, pictures))
    except _Accepted:
        return
    except (Unsuitable, *MISFITS) as reason:
        refusal = f"{type(pipeline).__name__} refuses its settings: {reason}"
        raise ModelUnavailable(f"model {spec.name} cannot be used: {refusal}") from reason


@contextmanager
def _stopped_at_networks(pipeline: Any) -> Iterator[None]:
    """Inside the block the first network that is run raises `_Accepted`."""

    def stop(*_: Any) -> None:
        raise _Accepted

    networks = [part for part in getattr(pipeline, "components", {}).values() if isinstance(part, torch.nn.Module)]
    hooks = [module.register_forward_pre_hook(stop) for network in networks for module in network.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
