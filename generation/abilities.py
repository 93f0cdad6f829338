"""What can be asked of a model that is drawn by its own pipeline: words, size, steps, guidance, seed, and no more."""

from dataclasses import replace
from typing import Any

from generation import loras, prompt_syntax
from generation.catalogue import ModelSpec
from generation.errors import Unsuitable
from generation.sentences import Sentence
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from generation.sources import Family

SENTENCE = Sentence(
    "This model only supports a prompt, size, steps, guidance and seed. Remove the rest, or choose another model."
)

WORDS_ALONE = Sentence("This model doesn't support LoRAs or BREAK in a prompt. Remove them, or choose another model.")

UNABLE: dict[str, Any] = {
    "sampler": Sampler.OWN,
    "clip_skip": 1,
    "schedule": Schedule.SAMPLER,
    "guidance_rescale": 0.0,
    "guidance_start": 0.0,
    "guidance_end": 1.0,
    "hires_factor": 1.0,
    "variation_strength": 0.0,
    "seed_width": 0,
    "seed_height": 0,
}
"""The settings that such a model knows nothing of, each with the value that asks for nothing."""


def check(settings: GenerationSettings, model: ModelSpec) -> None:
    """Raise `Unsuitable` where a model that is drawn by its own pipeline is asked for more than it can do. What the
    configuration says of it by default asks for nothing."""
    if model.family is not Family.OTHER:
        return
    usual = {"sampler": model.sampler, "clip_skip": model.clip_skip}
    if any(getattr(settings, name) not in (nothing, usual.get(name)) for name, nothing in UNABLE.items()):
        raise Unsuitable(SENTENCE)
    prompts = settings.prompt, settings.negative_prompt
    if any(loras.read(text)[0] != text or len(prompt_syntax.parse(text)) > 1 for text in prompts):
        raise Unsuitable(WORDS_ALONE)


def check_takes_more(model: ModelSpec) -> None:
    """Raise `Unsuitable` for a model that takes no pictures, nor can be looked into."""
    if model.family is Family.OTHER:
        raise Unsuitable(SENTENCE)


def fitted(defaults: PartialSettings, model: ModelSpec) -> PartialSettings:
    """Defaults that nobody asked for now, without what the model knows nothing of."""
    return replace(defaults, **UNABLE) if model.family is Family.OTHER else defaults


def stripped(settings: GenerationSettings, model: ModelSpec) -> GenerationSettings:
    """Settings that another model drew with, without what this one knows nothing of."""
    return understood(settings) if model.family is Family.OTHER else settings


def understood(settings: GenerationSettings) -> GenerationSettings:
    """As much of the settings as such a model understands."""
    return replace(settings, **UNABLE)
