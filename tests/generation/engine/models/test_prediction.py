"""What a host says that a model predicts, where its files say otherwise or nothing."""

from dataclasses import replace
from pathlib import Path

import torch

from generation.catalogue import ModelSpec, Prediction
from generation.engine.models.loader import load
from generation.engine.models.unet_model import UNetModel
from tests.generation.engine import tiny


def test_the_host_knows_better_than_the_files(tmp_path: Path) -> None:
    spec = ModelSpec("mine", str(tiny.stable_diffusion_1(tmp_path / "model")))
    read = {}
    for prediction in Prediction:
        model = load(replace(spec, prediction=prediction), torch.device("cpu"), torch.float32)
        assert isinstance(model, UNetModel)
        config = model.scheduler_config
        read[prediction] = config["prediction_type"], config.get("rescale_betas_zero_snr", False)
    assert read == {
        Prediction.OWN: ("epsilon", False),
        Prediction.NOISE: ("epsilon", False),
        Prediction.VELOCITY: ("v_prediction", False),
        Prediction.VELOCITY_ZERO_SNR: ("v_prediction", True),
    }
