"""Models trained on the noise levels of EDM (Karras et al., arXiv 2206.00364), such as Playground 2.5 and CosXL.

Their noise levels are continuous, without betas, so that most samplers of Stable Diffusion cannot follow them.
"""

from dataclasses import replace

from generation.catalogue import ModelSpec
from generation.errors import Unsuitable
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule

SAMPLERS = (
    Sampler.OWN,
    Sampler.EULER,
    Sampler.DPMPP_2M,
    Sampler.DPMPP_2M_KARRAS,
    Sampler.DPMPP_2M_SDE_KARRAS,
)
"""The samplers that follow such noise levels, the model's own first."""

SCHEDULES = (Schedule.SAMPLER, Schedule.KARRAS, Schedule.EXPONENTIAL)


def samplers(model: ModelSpec) -> tuple[Sampler, ...]:
    """The samplers that a Stable Diffusion model can use."""
    return SAMPLERS if model.is_edm else tuple(Sampler)


def check(settings: GenerationSettings, model: ModelSpec) -> None:
    """Raise `Unsuitable` for a sampler or schedule that cannot follow the model's noise levels."""
    if not model.is_edm:
        return
    if settings.sampler not in SAMPLERS:
        raise Unsuitable(
            "{model} can't use the sampler {sampler}. Use one of: {choices}.",
            model=model.name,
            sampler=settings.sampler,
            choices=list(SAMPLERS),
        )
    if settings.schedule not in SCHEDULES:
        raise Unsuitable(
            "{model} can't use the {schedule} schedule. Use one of: {choices}.",
            model=model.name,
            schedule=settings.schedule,
            choices=list(SCHEDULES),
        )


def fitted(defaults: PartialSettings, model: ModelSpec) -> PartialSettings:
    """Default settings, with the model's own sampler and schedule for those that it cannot use."""
    if not model.is_edm:
        return defaults
    sampler = defaults.sampler if defaults.sampler in SAMPLERS else Sampler.OWN
    schedule = defaults.schedule if defaults.schedule in SCHEDULES else Schedule.SAMPLER
    return replace(defaults, sampler=sampler, schedule=schedule)


def stripped(settings: GenerationSettings, model: ModelSpec) -> GenerationSettings:
    """The settings of another model, with the model's own sampler and schedule for those that it cannot use."""
    if not model.is_edm:
        return settings
    if settings.sampler not in SAMPLERS:
        return replace(settings, sampler=Sampler.OWN, schedule=Schedule.SAMPLER)
    return settings if settings.schedule in SCHEDULES else replace(settings, schedule=Schedule.SAMPLER)
