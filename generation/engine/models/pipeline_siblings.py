"""Other pipelines of diffusers around the networks of a model: image to image, and inpainting."""

import copy
import inspect
from typing import Any


def copy_of(pipeline: Any, sibling: str) -> Any:
    """A pipeline for one picture, since a pipeline keeps the state of a run: the same one, or the `sibling` with this
    class name, with a scheduler of its own around the same networks."""
    own = _around_the_networks(pipeline, sibling) if sibling else copy.copy(pipeline)
    own.scheduler = copy.deepcopy(pipeline.scheduler)
    return own


def _around_the_networks(pipeline: Any, sibling: str) -> Any:
    """Raises `TypeError` where the sibling needs a part that the pipeline doesn't have."""
    import diffusers

    kind = getattr(diffusers, sibling)
    own = dict(pipeline.config) | pipeline.components
    made = kind(**{name: own[name] for name in inspect.signature(kind.__init__).parameters if name in own})
    # What diffusers keeps beside the parts: the hooks that move networks to the device, and no progress bar.
    for name, value in vars(pipeline).items():
        if name.startswith(("_all_hooks", "_offload", "_progress_bar")):
            setattr(made, name, value)
    return made
