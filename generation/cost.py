"""What a picture costs before it is drawn, counted in rows that go through the UNet.

A step is no measure of time: Heun asks the UNet twice a step, and guidance takes two rows where the prompt alone takes
one.
"""

from generation.settings import GenerationSettings, Sampler

FORWARDS_A_STEP = {sampler: 2 if sampler is Sampler.HEUN else 1 for sampler in Sampler}
"""How often a sampler asks the UNet in a step: what budgets charge."""


def forwards(settings: GenerationSettings) -> int:
    """How often one picture asks the UNet, from its first step to its last."""
    match settings.sampler:
        case Sampler.HEUN:
            return 2 * settings.steps - 1
        case Sampler.PLMS:
            return settings.steps + (settings.steps > 1)
    return settings.steps


def step_of(settings: GenerationSettings, forward: int, of: int) -> int:
    """The step that forward number `forward` of all `of` belongs to, both counted from 0."""
    return forward * settings.steps // of


def is_guided(settings: GenerationSettings, step: int) -> bool:
    """Whether the prompt is weighed against none in a step, counted from 0: such a step takes two rows a forward.

    At scale 1 the merged prediction is the prompt's own, and the other is not computed. Guidance in a part of the
    steps: Kynkäänniemi et al., arXiv 2404.07724.
    """
    share = step / settings.steps
    return settings.guidance_scale != 1.0 and settings.guidance_start <= share < settings.guidance_end


def rows(settings: GenerationSettings) -> int:
    """All rows of all pictures of a request."""
    asked = forwards(settings)
    guided = sum(is_guided(settings, step_of(settings, forward, asked)) for forward in range(asked))
    return settings.count * (asked + guided)
