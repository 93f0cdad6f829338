"""NovelAI: JSON in the chunk `Comment`, beside the prompt in `Description`. Both may be hidden in the alpha channel."""

from collections.abc import Mapping
from typing import Any


def written(metadata: Any, chunks: Mapping[str, str]) -> dict[str, Any]:
    """The values of NovelAI. Raises `LookupError` and `TypeError` for other JSON."""
    prompt = metadata.get("prompt") or chunks["Description"]
    return {
        "prompt": _whole(prompt, metadata.get("v4_prompt")),
        "negative_prompt": _whole(metadata.get("uc", ""), metadata.get("v4_negative_prompt")),
        "seed": metadata["seed"],
        "steps": metadata["steps"],
        "guidance_scale": metadata.get("scale"),
        "width": metadata.get("width"),
        "height": metadata.get("height"),
        "sampler": metadata["sampler"],
        "schedule": metadata.get("noise_schedule"),
        "model": chunks.get("Source", ""),
        "guidance_rescale": metadata.get("cfg_rescale"),
        "denoising_strength": metadata.get("strength"),
    }


def _whole(prompt: str, parts: Any) -> str:
    """A prompt, with what newer models are told of each character."""
    if not parts:
        return prompt
    characters = [each["char_caption"] for each in parts["caption"].get("char_captions") or ()]
    return ", ".join(filter(None, [parts["caption"].get("base_caption") or prompt, *characters]))
