"""Samplers and noise schedules by the names that A1111, ComfyUI, InvokeAI, NovelAI and diffusers give them."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from generation.errors import InvalidSetting
from generation.settings import Sampler, Schedule

LONGEST = 60
"""Characters of a name that are looked at."""

_SHOWN = 30
"""Characters of a name that a sentence shows."""

_ALIKE = 0.7
"""How much of two names is the same where one may be meant by the other, as difflib counts it."""

_SAMPLERS = {
    Sampler.EULER: "euler_discrete flow_match_euler flow_match_euler_discrete",
    Sampler.EULER_ANCESTRAL: "euler_ancestral euler_ancestral_discrete",
    Sampler.DPMPP_2M: "dpm_solver_multistep",
    Sampler.DPMPP_2M_SDE_KARRAS: "dpmpp_2m_sde dpmpp_2m_sde_gpu",
    Sampler.DPMPP_SDE_KARRAS: "dpmpp_sde dpmpp_sde_gpu dpm_solver_sde",
    Sampler.DPMPP_3M_SDE: "dpmpp_3m_sde_gpu dpmpp_3m",
    Sampler.UNIPC: "uni_pc uni_pc_bh2 unipc_multistep",
    Sampler.DDIM: "ddim_v3",
    Sampler.DEIS: "deis_multistep",
    Sampler.HEUN: "heun_discrete",
    Sampler.LMS: "lms_discrete",
    Sampler.PLMS: "pndm",
    Sampler.OWN: "model_own own default",
}
"""Other names of samplers. Case, signs between words, `k_`, `_k` and `Scheduler` make no difference."""

_SCHEDULES = {
    Schedule.SAMPLER: "native auto",
    Schedule.UNIFORM: "ddim_uniform",
    Schedule.EXPONENTIAL: "polyexponential",
}

_AROUND = re.compile(r"^(?:sample[ _])?(?:k[ _])?|[ _]k$|scheduler$", re.IGNORECASE)
"""What tools put around a name: k-diffusion's letter, and the end of diffusers' classes."""

_IN_KARRAS = re.compile(r"[ _]k$", re.IGNORECASE)
"""InvokeAI's ending for Karras noise levels."""

Named = TypeVar("Named", bound=StrEnum)


def sampler(name: str) -> tuple[Sampler, Schedule] | None:
    """A sampler by any of its names, and the noise schedule that the name ends with, which the sampler may be unable to
    use; None where nothing is called so. A sampler whose own name has a schedule is found without it, too."""
    written = name.strip()[:LONGEST]
    if found := _SAMPLER_CALLED.get(_plain(written)):
        karras = _IN_KARRAS.search(written) and not found.endswith(Schedule.KARRAS)
        return found, Schedule.KARRAS if karras else Schedule.SAMPLER
    for ending, levels in _SCHEDULE_CALLED.items():
        if found := _SAMPLER_CALLED.get(_plain(written).removesuffix(ending)):
            return found, levels
    return None


def own_name(name: str) -> str:
    """A sampler's name here, for any of its names that says nothing of a noise schedule; other text as it is."""
    found = sampler(name)
    return found[0].value if found and found[1] is Schedule.SAMPLER else name


def schedule(name: str) -> Schedule | None:
    """A noise schedule by any of its names; None where nothing is called so."""
    return _SCHEDULE_CALLED.get(_plain(name[:LONGEST]))


def sampler_typed(name: str) -> tuple[Sampler, Schedule]:
    """What `sampler` finds. Raises `InvalidSetting`, with the nearest name or all of them."""
    if found := sampler(name):
        return found
    if near := _nearest(name, _SAMPLER_CALLED):
        raise InvalidSetting(
            "sampler", "There's no sampler “{name}”. Did you mean {alike}?", name=name[:_SHOWN], alike=near
        )
    raise InvalidSetting(
        "sampler", "There's no sampler “{name}”. Use one of: {known}.", name=name[:_SHOWN], known=list(Sampler)
    )


def schedule_typed(name: str) -> Schedule:
    """What `schedule` finds. Raises `InvalidSetting`, with the nearest name or all of them."""
    if found := schedule(name):
        return found
    if near := _nearest(name, _SCHEDULE_CALLED):
        raise InvalidSetting(
            "schedule", "There's no schedule “{name}”. Did you mean {alike}?", name=name[:_SHOWN], alike=near
        )
    raise InvalidSetting(
        "schedule", "There's no schedule “{name}”. Use one of: {known}.", name=name[:_SHOWN], known=list(Schedule)
    )


def _nearest(name: str, called: Mapping[str, Named]) -> Named | None:
    alike = get_close_matches(_plain(name[:LONGEST]), called, n=1, cutoff=_ALIKE)
    return called[alike[0]] if alike else None


def _plain(name: str) -> str:
    """A name as it is compared: `k_dpmpp_2m`, `DPM++ 2M` and `DPM-PP 2m` are one."""
    return re.sub(r"[^a-z0-9]", "", _AROUND.sub("", name.strip()).lower().replace("++", "pp"))


def _called(others: Mapping[Named, str], kind: type[Named]) -> dict[str, Named]:
    own = {_plain(each): each for each in kind}
    return {_plain(name): each for each, names in others.items() for name in names.split()} | own


_SAMPLER_CALLED = _called(_SAMPLERS, Sampler)
_SCHEDULE_CALLED = _called(_SCHEDULES, Schedule)
