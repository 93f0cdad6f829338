"""The settings that models with their own pipeline support: prompt, size, steps, guidance and seed."""

from dataclasses import replace
from typing import Any

from generation import editing, edm, loras, prompt_syntax
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
"""The settings that such a model does not support, each with its neutral value."""


def check(settings: GenerationSettings, model: ModelSpec) -> None:
    """Raise `Unsuitable` if the settings use something that a model with its own pipeline does not support. The
    defaults of its configuration are accepted."""
    if model.family is not Family.OTHER:
        edm.check(settings, model)
        return
    usual = {"sampler": model.sampler, "clip_skip": model.clip_skip}
    if any(getattr(settings, name) not in (nothing, usual.get(name)) for name, nothing in UNABLE.items()):
        raise Unsuitable(SENTENCE)
    prompts = settings.prompt, settings.negative_prompt
    if any(loras.read(text)[0] != text or len(prompt_syntax.parse(text)) > 1 for text in prompts):
        raise Unsuitable(WORDS_ALONE)


def check_takes_more(model: ModelSpec) -> None:
    """Raise `Unsuitable` for a model that supports neither input pictures nor explanations."""
    if model.family is Family.OTHER:
        raise Unsuitable(SENTENCE)


def fitted(defaults: PartialSettings, model: ModelSpec) -> PartialSettings:
    """Default settings, without those that the model does not support."""
    if model.family is Family.OTHER:
        return replace(defaults, **UNABLE)
    return editing.fitted(edm.fitted(defaults, model), model)


def stripped(settings: GenerationSettings, model: ModelSpec) -> GenerationSettings:
    """The settings of another model, without those that this one does not support."""
    if model.family is Family.OTHER:
        return understood(settings)
    return editing.stripped(edm.stripped(settings, model), model)


def understood(settings: GenerationSettings) -> GenerationSettings:
    """The settings that such a model supports; the others are neutral."""
    return replace(settings, **UNABLE)
