"""DPM++ 3M SDE, k-diffusion's `sample_dpmpp_3m_sde`: DPM-Solver++ (Lu et al., arXiv 2211.01095) with noise and three
predictions."""

from functools import cache
from typing import Any

import torch

NAME = "DPMpp3MSDEScheduler"
OPTIONS = {
    "algorithm_type": "sde-dpmsolver++",
    "solver_order": 3,
    "solver_type": "heun",
    "lower_order_final": False,
    "euler_at_final": False,
}


@cache
def scheduler_class() -> Any:
    """diffusers' multistep scheduler with another third order: with noise, a term of its own has the wrong sign, so
    that smaller steps do not come closer to the solution."""
    from diffusers import DPMSolverMultistepScheduler

    class DPMpp3MSDEScheduler(DPMSolverMultistepScheduler):  # type: ignore[misc]
        """To be used with `OPTIONS`."""

        def multistep_dpm_solver_third_order_update(
            self, model_output_list: list[torch.Tensor], *_: Any, sample: Any = None, noise: Any = None, **__: Any
        ) -> torch.Tensor:
            """The latents after a step, (1, channels, h, w); `model_output_list` are the predicted clean latents before
            it, the newest last."""
            index = self.step_index
            levels = [self.sigmas[index + ahead] for ahead in (1, 0, -1, -2)]
            (alpha, sigma), (_, sigma_now) = (self._sigma_to_alpha_sigma_t(level) for level in levels[:2])
            half_log_snr = [-level.log() for level in levels]
            step, last, last_but_one = (half_log_snr[n] - half_log_snr[n + 1] for n in range(3))
            newest, middle, oldest = model_output_list[-1], model_output_list[-2], model_output_list[-3]
            slope, slope_before = (newest - middle) / (last / step), (middle - oldest) / (last_but_one / step)
            bend = (slope - slope_before) / ((last + last_but_one) / step)
            slope = slope + bend * (last / step)
            twice = 2 * step
            second = torch.expm1(-twice) / twice + 1
            third = second / twice - 0.5
            decayed = (sigma / sigma_now * torch.exp(-step)) * sample
            clean = -torch.expm1(-twice) * newest + second * slope - third * bend
            stepped: torch.Tensor = decayed + alpha * clean + sigma * torch.sqrt(-torch.expm1(-twice)) * noise
            return stepped

    return DPMpp3MSDEScheduler
