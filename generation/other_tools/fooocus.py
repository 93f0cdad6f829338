"""Fooocus: JSON in the chunk `parameters`, with the chunk `fooocus_scheme` beside it.

https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py
"""

import re
from collections.abc import Mapping
from typing import Any

from generation.model_names import stem


def written(metadata: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of Fooocus. Raises `LookupError` and `TypeError` for other JSON."""
    width, height = re.findall(r"\d{1,6}", str(metadata["resolution"]))[:2]
    return {
        "prompt": metadata["prompt"],
        "negative_prompt": metadata.get("negative_prompt"),
        "seed": metadata["seed"],
        "steps": metadata.get("steps"),
        "guidance_scale": metadata.get("guidance_scale"),
        "width": width,
        "height": height,
        "sampler": metadata.get("sampler"),
        "schedule": metadata.get("scheduler"),
        "model": stem(metadata.get("base_model")),
        "clip_skip": metadata.get("clip_skip"),
    }
