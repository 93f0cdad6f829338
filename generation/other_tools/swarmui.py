"""SwarmUI: JSON in the chunk `parameters`.

https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md
"""

from collections.abc import Mapping
from typing import Any

from generation.model_names import stem


def written(metadata: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of SwarmUI's parameters. Raises `LookupError` and `TypeError` for other JSON."""
    values = metadata["sui_image_params"]
    layers = values.get("clipstopatlayer")
    return {
        "prompt": values["prompt"],
        "negative_prompt": values.get("negativeprompt"),
        "seed": values.get("seed"),
        "steps": values.get("steps"),
        "guidance_scale": values.get("fluxguidancescale", values.get("cfgscale")),
        "width": values.get("width"),
        "height": values.get("height"),
        "sampler": values.get("sampler"),
        "schedule": values.get("scheduler"),
        "model": stem(values.get("model")),
        "clip_skip": None if layers is None else -int(layers),
        "variation_seed": values.get("variationseed"),
        "variation_strength": values.get("variationseedstrength"),
        "denoising_strength": values.get("initimagecreativity"),
    }
