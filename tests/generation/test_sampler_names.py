import pytest

from generation import sampler_names
from generation.errors import InvalidSetting
from generation.settings import Sampler, Schedule

AUTOMATIC = Schedule.SAMPLER


@pytest.mark.parametrize(
    ("names", "sampler", "schedule"),
    [
        ("euler, Euler, k_euler, sample_euler, EulerDiscreteScheduler", Sampler.EULER, AUTOMATIC),
        ("FlowMatchEulerDiscreteScheduler", Sampler.EULER, AUTOMATIC),
        ("euler a, k_euler_a, euler_ancestral, EULER-A, k_euler_ancestral", Sampler.EULER_ANCESTRAL, AUTOMATIC),
        ("EulerAncestralDiscreteScheduler, sample_euler_ancestral", Sampler.EULER_ANCESTRAL, AUTOMATIC),
        ("dpmpp_2m, k_dpmpp_2m, DPM++ 2M, dpm++2m, DPMSolverMultistepScheduler", Sampler.DPMPP_2M, AUTOMATIC),
        ("dpmpp_2m_karras, DPM++ 2M Karras, dpm++ 2m karras", Sampler.DPMPP_2M_KARRAS, AUTOMATIC),
        ("dpmpp_2m_sde, dpmpp_2m_sde_gpu, dpmpp_2m_sde_k, DPM++ 2M SDE", Sampler.DPMPP_2M_SDE_KARRAS, AUTOMATIC),
        ("dpmpp_sde, k_dpmpp_sde, dpmpp_sde_gpu, DPM++ SDE", Sampler.DPMPP_SDE_KARRAS, AUTOMATIC),
        ("uni_pc, unipc, UniPCMultistepScheduler", Sampler.UNIPC, AUTOMATIC),
        ("ddim, DDIMScheduler, ddim_v3", Sampler.DDIM, AUTOMATIC),
        ("k_lms, LMSDiscreteScheduler", Sampler.LMS, AUTOMATIC),
        ("pndm, plms, PNDMScheduler", Sampler.PLMS, AUTOMATIC),
        ("euler_k, Euler Karras", Sampler.EULER, Schedule.KARRAS),
        ("dpmpp_2m_k", Sampler.DPMPP_2M, Schedule.KARRAS),
        ("DPM++ 3M SDE Exponential", Sampler.DPMPP_3M_SDE, Schedule.EXPONENTIAL),
        ("euler_sgm_uniform", Sampler.EULER, Schedule.SGM_UNIFORM),
    ],
)
def test_the_names_of_other_tools(names: str, sampler: Sampler, schedule: Schedule) -> None:
    for name in names.split(", "):
        assert sampler_names.sampler(name) == (sampler, schedule), name


@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_has_its_own_name(sampler: Sampler) -> None:
    assert sampler_names.sampler(sampler) == (sampler, AUTOMATIC)


@pytest.mark.parametrize("name", ["", "DPM2 a", "k_dpm_2", "dpmpp_2s_ancestral", "restart", "a" * 10**6])
def test_a_sampler_that_is_not_here(name: str) -> None:
    assert sampler_names.sampler(name) is None


def test_schedules() -> None:
    assert [
        sampler_names.schedule(each) for each in ("sgm_uniform", "SGM Uniform", "kl_optimal", "polyexponential")
    ] == [
        Schedule.SGM_UNIFORM,
        Schedule.SGM_UNIFORM,
        Schedule.KL_OPTIMAL,
        Schedule.EXPONENTIAL,
    ]
    assert sampler_names.schedule("gits") is None


def test_what_is_spelled_alike() -> None:
    for typed, meant in (("eular", "Euler"), ("dpmp 2m", r"DPM\+\+ 2M")):
        with pytest.raises(InvalidSetting, match=rf"There's no sampler “{typed}”. Did you mean {meant}\?"):
            sampler_names.sampler_typed(typed)
    with pytest.raises(InvalidSetting, match="Use one of: "):
        sampler_names.sampler_typed("restart")
    with pytest.raises(InvalidSetting, match=r"Did you mean Karras\?"):
        sampler_names.schedule_typed("karas")
    with pytest.raises(InvalidSetting, match="Use one of: "):
        sampler_names.schedule_typed("???")
