"""Noisefox's samplers and noise schedules by ComfyUI's names."""

from generation.settings import Sampler, Schedule

NAMES: dict[Sampler, tuple[str, str]] = {
    Sampler.EULER: ("euler", "normal"),
    Sampler.EULER_ANCESTRAL: ("euler_ancestral", "normal"),
    Sampler.DPMPP_2M: ("dpmpp_2m", "normal"),
    Sampler.DPMPP_2M_KARRAS: ("dpmpp_2m", "karras"),
    Sampler.DPMPP_2M_SDE_KARRAS: ("dpmpp_2m_sde", "karras"),
    Sampler.DPMPP_SDE_KARRAS: ("dpmpp_sde", "karras"),
    Sampler.DPMPP_3M_SDE: ("dpmpp_3m_sde", "exponential"),
    Sampler.UNIPC: ("uni_pc", "normal"),
    Sampler.DDIM: ("ddim", "ddim_uniform"),
    Sampler.DEIS: ("deis", "normal"),
    Sampler.HEUN: ("heun", "normal"),
    Sampler.LMS: ("lms", "normal"),
    Sampler.DDPM: ("ddpm", "normal"),
    Sampler.LCM: ("lcm", "sgm_uniform"),
}
"""Each sampler with the schedule that belongs to it."""

SCHEDULES: dict[Schedule, str] = {
    Schedule.UNIFORM: "ddim_uniform",
    Schedule.KARRAS: "karras",
    Schedule.EXPONENTIAL: "exponential",
    Schedule.BETA: "beta",
    Schedule.SGM_UNIFORM: "sgm_uniform",
    Schedule.SIMPLE: "simple",
    Schedule.NORMAL: "normal",
    Schedule.KL_OPTIMAL: "kl_optimal",
}


def named(sampler: Sampler, schedule: Schedule) -> tuple[str, str] | None:
    """ComfyUI's names of a sampler and its schedule; None for the workflow's own."""
    if sampler not in NAMES:
        return None
    name, usual = NAMES[sampler]
    return name, SCHEDULES.get(schedule, usual)
