"""What a UNet predicts, where the host knows better than the model's files."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from generation.catalogue import Prediction

_SCHEDULERS: Mapping[Prediction, Mapping[str, Any]] = MappingProxyType(
    {
        Prediction.OWN: {},
        Prediction.NOISE: {"prediction_type": "epsilon"},
        Prediction.VELOCITY: {"prediction_type": "v_prediction"},
        Prediction.VELOCITY_ZERO_SNR: {
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
        },
    }
)
"""Lines of a scheduler's configuration. Zero terminal SNR begins at the last noise level (section 3.3 of its paper)."""


def with_prediction(own: Mapping[str, Any], prediction: Prediction) -> dict[str, Any]:
    """The configuration of a model's `own` scheduler with another prediction."""
    return {**own, **_SCHEDULERS[prediction]}
