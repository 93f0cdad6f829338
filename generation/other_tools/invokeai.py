"""InvokeAI: JSON in `invokeai_metadata`; before version 3 in `sd-metadata`, and before 2 a command in `Dream`."""

import re
from collections.abc import Mapping
from typing import Any

_OPTIONS = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "guidance_scale", "A": "sampler"}
"""Options of the old command line, by their letters."""

_OPTION = re.compile(rf"\s-([{''.join(_OPTIONS)}])\s*(\S+)")


def written(metadata: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of InvokeAI 3 and newer. Raises `LookupError` and `TypeError` for other JSON."""
    model = metadata.get("model") or {}
    skipped = metadata.get("clip_skip")
    return {
        "prompt": metadata["positive_prompt"],
        "negative_prompt": metadata.get("negative_prompt"),
        "seed": metadata.get("seed"),
        "steps": metadata.get("steps"),
        "guidance_scale": metadata.get("cfg_scale", metadata.get("guidance")),
        "width": metadata.get("width"),
        "height": metadata.get("height"),
        "sampler": metadata.get("scheduler"),
        "model": model.get("name") or model.get("model_name"),
        "clip_skip": None if skipped is None else int(skipped) + 1,
        "guidance_rescale": metadata.get("cfg_rescale_multiplier"),
        "denoising_strength": metadata.get("strength"),
    }


def written_before_3(metadata: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of InvokeAI 2. Raises `LookupError` and `TypeError` for other JSON."""
    image = metadata["image"]
    prompts = image["prompt"] if isinstance(image["prompt"], list) else [{"prompt": image["prompt"]}]
    return {
        **_of_prompt(" ".join(each["prompt"] for each in prompts)),
        "seed": image["seed"],
        "steps": image.get("steps"),
        "guidance_scale": image.get("cfg_scale"),
        "width": image.get("width"),
        "height": image.get("height"),
        "sampler": image.get("sampler"),
        "model": metadata.get("model_weights"),
    }


def of_dream(command: str) -> dict[str, Any]:
    """The values of a command such as `"a fox [blurry]" -s 50 -S 7 -W 512 -H 512 -C 7.5 -A k_lms`. Raises `ValueError`
    for other text."""
    prompt, quote, options = command.partition('"')[2].rpartition('"')
    if not quote:
        raise ValueError("no quoted prompt")
    return {**_of_prompt(prompt), **{_OPTIONS[letter]: value for letter, value in _OPTION.findall(options)}}


def _of_prompt(text: str) -> dict[str, str]:
    """The prompt and the negative prompt, which is in square brackets."""
    negative = re.findall(r"\[([^\[\]]*)\]", text)
    return {"prompt": re.sub(r"\[[^\[\]]*\]", "", text).strip(" ,"), "negative_prompt": ", ".join(negative)}
