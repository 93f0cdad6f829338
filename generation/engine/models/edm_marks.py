"""The tensors by which a single file tells that it has EDM's noise levels; see `generation.edm`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

PLAYGROUND: dict[str, Any] = {
    "_class_name": "EDMDPMSolverMultistepScheduler",
    "sigma_min": 0.002,
    "sigma_max": 80.0,
    "sigma_data": 0.5,
    "prediction_type": "epsilon",
}
COSXL: dict[str, Any] = {
    "_class_name": "EDMEulerScheduler",
    "sigma_min": 0.002,
    "sigma_max": 120.0,
    "sigma_data": 1.0,
    "sigma_schedule": "exponential",
    "prediction_type": "v_prediction",
}


@dataclass(frozen=True)
class EdmMarks:
    """Configs in diffusers' format that the marks imply; both are empty for other models."""

    scheduler: Mapping[str, Any] = field(default_factory=dict)
    """The config of its own scheduler: Playground 2.5's, or CosXL's with the noise levels of the file."""
    autoencoder: Mapping[str, Any] = field(default_factory=dict)
    """Playground 2.5's mean and standard deviation of the latents, and its scaling to half of unit variance."""

    @classmethod
    def of(cls, file: Path) -> Self:
        """The marks of a .safetensors file. Raises `OSError` or `ValueError` for a damaged one."""
        values = _values(file)
        if "edm_mean" in values:
            statistics = {"latents_mean": values["edm_mean"], "latents_std": values["edm_std"], "scaling_factor": 0.5}
            return cls(PLAYGROUND, statistics)
        levels = {
            name: values[mark][0] for name in ("sigma_min", "sigma_max") if (mark := f"edm_vpred.{name}") in values
        }
        return cls(COSXL | levels) if "sigma_max" in levels else cls()


def _values(file: Path) -> dict[str, list[float]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as tensors:
            marks = [name for name in tensors.keys() if name.startswith("edm_")]  # noqa: SIM118 - it is no mapping
            return {name: tensors.get_tensor(name).float().flatten().tolist() for name in marks}
    except SafetensorError as reason:
        raise ValueError(f"{file} is not a .safetensors file: {reason}") from reason
