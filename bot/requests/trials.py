"""The same picture with other settings: a few values around the one it was drawn with."""

from dataclasses import replace

from bot.errors import Refusal
from generation.settings import GUIDANCE_SCALE, STEPS, GenerationSettings, Sampler

STEPS_FACTORS = (0.5, 1.5, 2.0)
GUIDANCE_FACTORS = (0.6, 1.5, 2.0)
SAMPLERS = (Sampler.DPMPP_2M_KARRAS, Sampler.EULER_ANCESTRAL, Sampler.HEUN, Sampler.DDIM)


def other_steps(settings: GenerationSettings, most: int) -> list[GenerationSettings]:
    """With fewer and with more steps, no more than `most`."""
    highest = min(most, settings.sampler.steps.high)
    steps = {min(max(1, round(settings.steps * factor)), highest) for factor in STEPS_FACTORS}
    return [replace(settings, steps=value) for value in sorted(steps - {settings.steps})]


def other_guidance(settings: GenerationSettings) -> list[GenerationSettings]:
    """With a weaker and with a stronger guidance."""
    low, high = GUIDANCE_SCALE.low, GUIDANCE_SCALE.high
    scales = {min(max(low, round(settings.guidance_scale * factor, 1)), high) for factor in GUIDANCE_FACTORS}
    return [replace(settings, guidance_scale=float(value)) for value in sorted(scales - {settings.guidance_scale})]


def more_guidance(settings: GenerationSettings) -> GenerationSettings:
    """Half as much guidance again. Raises `Refusal` where there is no more."""
    most = float(GUIDANCE_SCALE.high)
    if settings.guidance_scale == most:
        raise Refusal("Guidance can't be higher than {most:g}.", most=most)
    return replace(settings, guidance_scale=min(round(settings.guidance_scale * 1.5, 1), most))


def fewer_steps(settings: GenerationSettings) -> GenerationSettings:
    """Half the steps. Raises `Refusal` where there are none to spare."""
    if settings.steps == STEPS.low:
        raise Refusal("A picture needs at least one step.")
    return replace(settings, steps=settings.steps // 2)


def other_samplers(settings: GenerationSettings) -> list[GenerationSettings]:
    """With three other samplers of different kinds."""
    others = [sampler for sampler in SAMPLERS if sampler is not settings.sampler]
    return [replace(settings, sampler=sampler) for sampler in others[:3] if settings.steps <= sampler.steps.high]
