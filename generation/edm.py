"""Models trained on the noise levels of EDM (Karras et al., arXiv 2206.00364), such as Playground 2.5 and CosXL.

Their noise levels are continuous, without betas, so that most samplers of Stable Diffusion cannot follow them.
"""

from generation.settings import Sampler, Schedule

SAMPLERS = (
    Sampler.OWN,
    Sampler.EULER,
    Sampler.DPMPP_2M,
    Sampler.DPMPP_2M_KARRAS,
    Sampler.DPMPP_2M_SDE_KARRAS,
)
"""The samplers that follow such noise levels, the model's own first."""

SCHEDULES = (Schedule.SAMPLER, Schedule.KARRAS, Schedule.EXPONENTIAL)
