"""The settings of a request that is derived from a picture that is there."""

from dataclasses import replace

from bot.errors import Refusal
from bot.prompts.flags import ParsedPrompt
from generation import outpainting
from generation.settings import GUIDANCE_SCALE, STEPS, GenerationSettings, PartialSettings, Sampler, Schedule

SUBTLE = 0.15
STRONG = 0.4
"""How far a variation's noise goes over to another seed's: to see it change a little, and clearly."""

HIRES_FACTOR = 2.0

STEPS_FACTORS = (0.5, 1.5, 2.0)
GUIDANCE_FACTORS = (0.6, 1.5, 2.0)
SAMPLERS = (Sampler.DPMPP_2M_KARRAS, Sampler.EULER_ANCESTRAL, Sampler.HEUN, Sampler.DDIM)


def agreeing(defaults: PartialSettings, asked: PartialSettings) -> PartialSettings:
    """Defaults that go with what is asked for: nobody is refused for a schedule, or for steps, that they did not name
    and that the sampler they did name has not."""
    sampler = asked.sampler or defaults.sampler or Sampler.DPMPP_2M_KARRAS
    schedule, steps = defaults.schedule, defaults.steps
    if schedule is not None and schedule not in sampler.schedules:
        schedule = Schedule.SAMPLER
    if steps is not None:
        steps = min(steps, sampler.steps.high)
    return replace(defaults, schedule=schedule, steps=steps)


def rerolled(settings: GenerationSettings, seed: int, *, variation: bool) -> GenerationSettings:
    """The same request with another seed; of a variation, with another one to go towards."""
    return replace(settings, variation_seed=seed) if variation else replace(settings, seed=seed)


def varied(settings: GenerationSettings, seed: int, strength: float) -> GenerationSettings:
    """The same request with noise on its way to that of `seed`."""
    return replace(settings, variation_seed=seed, variation_strength=strength)


def redrawn(settings: GenerationSettings, seed: int) -> GenerationSettings:
    """What starts from the finished picture itself: at its size, with noise of its own."""
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
    )


def retold(settings: GenerationSettings, typed: ParsedPrompt) -> GenerationSettings:
    """With the words and flags that somebody typed in place of the old."""
    seed = settings.seed if typed.seed is None else typed.seed
    return replace(settings, prompt=typed.prompt, seed=seed, **typed.chosen.given())


def redrawn_as_varied(settings: GenerationSettings, seed: int, strength: float) -> GenerationSettings:
    """A variation of what is a variation already, whose noise cannot go two ways at once: drawn over, as much as its
    noise would have been changed."""
    return replace(redrawn(settings, seed), denoising_strength=min(strength + 0.3, 1.0))


def refined(settings: GenerationSettings) -> GenerationSettings:
    """The same picture, drawn larger with more detail."""
    return replace(settings, hires_factor=HIRES_FACTOR)


def outpainted(settings: GenerationSettings, seed: int, size: tuple[int, int]) -> GenerationSettings:
    """What draws the rest of a canvas of `size`."""
    width, height = size
    return replace(redrawn(settings, seed), width=width, height=height, denoising_strength=outpainting.STRENGTH)


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
        raise Refusal("There is no more guidance than {most:g}.", most=most)
    return replace(settings, guidance_scale=min(round(settings.guidance_scale * 1.5, 1), most))


def fewer_steps(settings: GenerationSettings) -> GenerationSettings:
    """Half the steps. Raises `Refusal` where there are none to spare."""
    if settings.steps == STEPS.low:
        raise Refusal("A picture takes at least one step.")
    return replace(settings, steps=settings.steps // 2)


def other_samplers(settings: GenerationSettings) -> list[GenerationSettings]:
    """With three other samplers of different kinds."""
    others = [sampler for sampler in SAMPLERS if sampler is not settings.sampler]
    return [replace(settings, sampler=sampler) for sampler in others[:3] if settings.steps <= sampler.steps.high]
