"""The settings of a request that is derived from a picture that is there."""

from dataclasses import replace

from bot.prompts.flags import ParsedPrompt
from generation import outpainting
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule

SUBTLE = 0.15
STRONG = 0.4
"""How far a variation's noise goes over to another seed's: to see it change a little, and clearly."""

HIRES_FACTOR = 2.0


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
