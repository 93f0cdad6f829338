"""What a picture costs before it is drawn, counted in rows that go through the UNet.

A step is no measure of time: Heun asks the UNet twice a step, and guidance takes two rows where the prompt alone takes
one.
"""

from generation.settings import GenerationSettings, Sampler

FORWARDS_A_STEP = {sampler: 2 if sampler is Sampler.HEUN else 1 for sampler in Sampler}
"""How often a sampler asks the UNet in a step: what budgets charge."""


EXPLAINED = 40
"""The steps that showing a drawing from the inside counts as, beside its own: some 36 looks are decoded, which takes
about a step each, and without guidance three predictions are made for the figure alone."""


def charged(settings: GenerationSettings, of_picture: bool = False) -> int:
    """What a request takes from a budget: the steps that all its pictures take, those of a refinement included, each
    as often as it asks the UNet."""
    return FORWARDS_A_STEP[settings.sampler] * steps(settings, of_picture) * settings.count


def steps_drawn(settings: GenerationSettings) -> int:
    """How many of all steps a picture takes that starts from another one: at least one."""
    return min(max(int(settings.steps * settings.denoising_strength), 1), settings.steps)


def stages(settings: GenerationSettings, of_picture: bool = False) -> list[tuple[GenerationSettings, int]]:
    """What is drawn one after the other, each with the number of its steps. `of_picture`: it starts from another."""
    first = settings, steps_drawn(settings) if of_picture else settings.steps
    if settings.hires_factor == 1:
        return [first]
    refined = settings.refinement
    return [first, (refined, steps_drawn(refined))]


def steps(settings: GenerationSettings, of_picture: bool = False) -> int:
    """The steps of one picture, as its progress counts them."""
    return sum(taken for _, taken in stages(settings, of_picture))


def forwards(settings: GenerationSettings, taken: int | None = None) -> int:
    """How often the UNet is asked in the last `taken` of the steps, or in all."""
    asked = settings.steps if taken is None else taken
    match settings.sampler:
        case Sampler.HEUN:
            return 2 * asked - 1
        case Sampler.PLMS:
            return asked + (settings.steps > 1)
    return asked


def is_guided(settings: GenerationSettings, step: int) -> bool:
    """Whether the prompt is weighed against none in a step, counted from 0: such a step takes two rows a forward.

    At scale 1 the merged prediction is the prompt's own, and the other is not computed. Guidance in a part of the
    steps: Kynkäänniemi et al., arXiv 2404.07724.
    """
    share = step / settings.steps
    return settings.guidance_scale != 1.0 and settings.guidance_start <= share < settings.guidance_end


def rows(settings: GenerationSettings, of_picture: bool = False) -> int:
    """All rows of all pictures of a request; those of a refinement are larger ones."""
    return settings.count * sum(_rows(stage, taken) for stage, taken in stages(settings, of_picture))


def _rows(settings: GenerationSettings, taken: int) -> int:
    asked, skipped = forwards(settings, taken), settings.steps - taken
    guided = sum(is_guided(settings, skipped + forward * taken // asked) for forward in range(asked))
    return asked + guided
