"""The settings of requests that are derived from a picture."""

from dataclasses import replace

from bot.errors import Refusal
from bot.prompts.flags import ParsedPrompt
from generation import outpainting
from generation.settings import GUIDANCE_SCALE, STEPS, GenerationSettings, PartialSettings, Sampler, Schedule

SUBTLE = 0.15
STRONG = 0.4
"""Variation strengths: a small change, and a clear one."""

HIRES_FACTOR = 2.0

STEPS_FACTORS = (0.5, 1.5, 2.0)
GUIDANCE_FACTORS = (0.6, 1.5, 2.0)
SAMPLERS = (Sampler.DPMPP_2M_KARRAS, Sampler.EULER_ANCESTRAL, Sampler.HEUN, Sampler.DDIM)


def agreeing(defaults: PartialSettings, asked: PartialSettings) -> PartialSettings:
    """Defaults that agree with what was asked for.

    Nobody is refused for a default schedule, or default steps, that the sampler they named lacks.
    """
    sampler = asked.sampler or defaults.sampler or Sampler.DPMPP_2M_KARRAS
    schedule, steps = defaults.schedule, defaults.steps
    if schedule is not None and schedule not in sampler.schedules:
        schedule = Schedule.SAMPLER
    if steps is not None:
        steps = min(steps, sampler.steps.high)
    return replace(defaults, schedule=schedule, steps=steps)


def rerolled(settings: GenerationSettings, seed: int, *, variation: bool) -> GenerationSettings:
    """The same settings with another seed; a variation gets another variation seed."""
    return replace(settings, variation_seed=seed) if variation else replace(settings, seed=seed)


def varied(settings: GenerationSettings, seed: int, strength: float) -> GenerationSettings:
    """The same settings with noise between its own and that of `seed`."""
    return replace(settings, variation_seed=seed, variation_strength=strength)


def redrawn(settings: GenerationSettings, seed: int) -> GenerationSettings:
    """Settings that start from the finished picture and no other: at its size, with noise of their own."""
    width, height = settings.final_size
    return replace(
        settings,
        seed=seed,
        width=width,
        height=height,
        variation_strength=0.0,
        seed_width=0,
        seed_height=0,
        hires_factor=1.0,
        controls=(),
    )


def retold(settings: GenerationSettings, typed: ParsedPrompt) -> GenerationSettings:
    """The settings with typed words and flags in place of the old."""
    seed = settings.seed if typed.seed is None else typed.seed
    return replace(settings, prompt=typed.prompt, seed=seed, **typed.chosen.given())


def redrawn_as_varied(settings: GenerationSettings, seed: int, strength: float) -> GenerationSettings:
    """A variation of a variation. Its noise cannot go two ways at once, so the picture is drawn over, about as much as
    its noise would change."""
    return replace(redrawn(settings, seed), denoising_strength=min(round(strength + 0.3, 2), 1.0))


def refined(settings: GenerationSettings) -> GenerationSettings:
    """The same picture, drawn larger with more detail."""
    return replace(settings, hires_factor=HIRES_FACTOR)


def outpainted(settings: GenerationSettings, seed: int, size: tuple[int, int]) -> GenerationSettings:
    """Settings that fill a canvas of `size` around the picture, which tiles no more."""
    width, height = size
    filled = replace(redrawn(settings, seed), width=width, height=height, tile=False)
    return replace(filled, denoising_strength=outpainting.STRENGTH)


def other_steps(settings: GenerationSettings, most: int) -> list[GenerationSettings]:
    """The settings with fewer and with more steps, at most `most`."""
    highest = min(most, settings.sampler.steps.high)
    steps = {min(max(1, round(settings.steps * factor)), highest) for factor in STEPS_FACTORS}
    return [replace(settings, steps=value) for value in sorted(steps - {settings.steps})]


def other_guidance(settings: GenerationSettings) -> list[GenerationSettings]:
    """The settings with weaker and with stronger guidance."""
    low, high = GUIDANCE_SCALE.low, GUIDANCE_SCALE.high
    scales = {min(max(low, round(settings.guidance_scale * factor, 1)), high) for factor in GUIDANCE_FACTORS}
    return [replace(settings, guidance_scale=float(value)) for value in sorted(scales - {settings.guidance_scale})]


def more_guidance(settings: GenerationSettings) -> GenerationSettings:
    """The settings with half as much guidance again. Raises `Refusal` at the highest guidance."""
    most = float(GUIDANCE_SCALE.high)
    if settings.guidance_scale == most:
        raise Refusal("Guidance can't be higher than {most:g}.", most=most)
    return replace(settings, guidance_scale=min(round(settings.guidance_scale * 1.5, 1), most))


def fewer_steps(settings: GenerationSettings) -> GenerationSettings:
    """The settings with half the steps. Raises `Refusal` where there is only one."""
    if settings.steps == STEPS.low:
        raise Refusal("A picture needs at least one step.")
    return replace(settings, steps=settings.steps // 2)


def other_samplers(settings: GenerationSettings) -> list[GenerationSettings]:
    """The settings with up to three other samplers of different kinds."""
    others = [sampler for sampler in SAMPLERS if sampler is not settings.sampler]
    return [replace(settings, sampler=sampler) for sampler in others[:3] if settings.steps <= sampler.steps.high]
