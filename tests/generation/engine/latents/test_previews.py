"""The linear preview: coefficients that a model brings along, or fitted ones."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny

from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.latents.previews import STORED, LatentPreview
from generation.engine.models.unet_model import UNetModel
from generation.settings import GenerationSettings


def autoencoder(channels: int) -> AutoencoderTiny:
    return AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1,) * 4,
        num_decoder_blocks=(1,) * 4,
        latent_channels=channels,
    )


def test_a_model_s_own_coefficients_are_used(tmp_path: Path) -> None:
    stored = {"factors": [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]], "bias": [0.0, 0.0, 0.5]}
    (tmp_path / STORED).write_text(json.dumps(stored))
    preview = LatentPreview.of_model(str(tmp_path), autoencoder(2))
    drawn = preview(torch.tensor([[[[1.0]], [[0.5]]]]))
    assert (drawn.width, drawn.height) == (1, 1)
    assert tuple(drawn.rgb) == (255, 64, 191)


def test_without_any_they_are_fitted(tmp_path: Path) -> None:
    drawn = LatentPreview.of_model(str(tmp_path), autoencoder(2))(torch.zeros(1, 2, 3, 4))
    assert (drawn.width, drawn.height) == (4, 3)


@pytest.mark.parametrize("text", ['{"factors": [[1, 2, 3]], "bias": [0, 0, 0]}', "{}", '{"factors": "x"}', "no json"])
def test_coefficients_of_another_autoencoder_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / STORED).write_text(text)
    with pytest.raises(ValueError, match=r"preview|channels|Expecting"):
        LatentPreview.of_model(str(tmp_path), autoencoder(2))


@torch.inference_mode()
def test_the_linear_map_costs_little_of_a_step(pocket: UNetModel, apple: GenerationSettings) -> None:
    """By one thread's own time, of which what else the machine does takes nothing; guided, as most steps are."""
    state = DenoisingState(pocket, apple)

    def fastest(work: Callable[[], object]) -> float:
        seconds = []
        for _ in range(5):
            before = time.thread_time()
            work()
            seconds.append(time.thread_time() - before)
        return min(seconds)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        look, step = fastest(lambda: pocket.preview(state.visible)), fastest(lambda: predict([state], 2))
    finally:
        torch.set_num_threads(threads)
    assert look <= 0.02 * step
