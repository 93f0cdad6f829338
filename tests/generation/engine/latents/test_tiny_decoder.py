from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from generation.catalogue import POCKET, Catalogue, PreviewKind
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import InvalidSetting, ModelUnavailable
from generation.events import Progress
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver


def cache_with_decoder(folder: Path, channels: int) -> ModelCache:
    """With the shipped model and a tiny decoder of random weights."""
    decoder = tiny.preview_decoder(folder, channels)
    spec = replace(POCKET, preview=PreviewKind.TINY, preview_decoder=str(decoder))
    return ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32)


def test_it_makes_the_frames_and_not_the_picture(
    tmp_path: Path, cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = cache.take("pocket", on_load=lambda share: None).latent_channels
    with_decoder = cache_with_decoder(tmp_path, channels)
    model = with_decoder.take("pocket", on_load=lambda share: None)
    whole, decoded = model.vae.decode, []

    def counted(latents: Any, **options: Any) -> Any:
        decoded.append(latents)
        return whole(latents, **options)

    monkeypatch.setattr(model.vae, "decode", counted)
    monkeypatch.setattr(model.frame_cost, "seconds_a_latent", 0.0)
    driver = LoopDriver(with_decoder)
    driver.admit(1, apple)
    driver.loop.want_frame(1)
    driver.run()
    [frame] = [each.previews[0] for each in driver.of(1) if isinstance(each, Progress) and each.previews[0].decoded]
    assert (frame.width, frame.height) == (64, 64)
    assert numpy.frombuffer(frame.rgb, numpy.uint8).std() > 0
    assert len(decoded) == 1


def test_one_that_does_not_fit_the_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="decodes 3 channels"):
        cache_with_decoder(tmp_path, channels=3).take("pocket", on_load=lambda share: None)


def test_a_tiny_preview_needs_its_decoder() -> None:
    with pytest.raises(InvalidSetting, match="madebyollin/taesd"):
        replace(POCKET, preview=PreviewKind.TINY)


def test_it_may_be_in_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_with_decoder(tmp_path / "taesd", channels=8)
    monkeypatch.setenv("HOME", str(tmp_path))
    spec = replace(POCKET, preview=PreviewKind.TINY, preview_decoder="~/taesd")
    model = ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32).take("pocket", on_load=lambda share: None)
    assert model.tiny is not None
    assert model.tiny(torch.zeros(1, 8, 8, 8)).shape == (1, 3, 64, 64)
