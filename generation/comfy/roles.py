"""What a workflow may take, and the names that placeholders and titles give to it."""

from enum import StrEnum


class Role(StrEnum):
    """What is put into a workflow."""

    PROMPT = "prompt"
    NEGATIVE_PROMPT = "negative prompt"
    SEED = "seed"
    STEPS = "steps"
    GUIDANCE = "guidance"
    SAMPLER = "sampler"
    SCHEDULE = "schedule"
    WIDTH = "width"
    HEIGHT = "height"
    IMAGE = "start picture"
    MASK = "mask"
    STRENGTH = "strength"


NAMES = {
    "prompt": Role.PROMPT,
    "positive": Role.PROMPT,
    "positive prompt": Role.PROMPT,
    "negative": Role.NEGATIVE_PROMPT,
    "negative prompt": Role.NEGATIVE_PROMPT,
    "seed": Role.SEED,
    "steps": Role.STEPS,
    "guidance": Role.GUIDANCE,
    "cfg": Role.GUIDANCE,
    "sampler": Role.SAMPLER,
    "scheduler": Role.SCHEDULE,
    "width": Role.WIDTH,
    "height": Role.HEIGHT,
    "image": Role.IMAGE,
    "start picture": Role.IMAGE,
    "mask": Role.MASK,
    "strength": Role.STRENGTH,
    "denoise": Role.STRENGTH,
}
"""Roles by the names of placeholders, such as `%prompt%`, and by titles of nodes."""

TEXTS = ("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "qwen25_7b", "prompt", "positive_prompt")
"""Inputs of text encoders that hold the words."""

INPUTS: dict[Role, tuple[str, ...]] = {
    Role.PROMPT: (*TEXTS, "value", "string"),
    Role.NEGATIVE_PROMPT: (*TEXTS, "negative_prompt", "value", "string"),
    Role.SEED: ("seed", "noise_seed", "value", "int"),
    Role.STEPS: ("steps", "value", "int"),
    Role.GUIDANCE: ("guidance", "cfg", "value", "float"),
    Role.SAMPLER: ("sampler_name",),
    Role.SCHEDULE: ("scheduler",),
    Role.WIDTH: ("width", "value", "int"),
    Role.HEIGHT: ("height", "value", "int"),
    Role.IMAGE: ("image",),
    Role.MASK: ("image",),
    Role.STRENGTH: ("denoise", "strength", "value", "float"),
}
"""The inputs of a node that hold what its title names, the likeliest first."""
