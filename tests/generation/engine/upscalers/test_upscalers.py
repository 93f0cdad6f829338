import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from generation.catalogue import POCKET, Catalogue
from generation.engine.upscalers import registry
from generation.engine.upscalers.base import Upscaler, enlarged
from generation.engine.upscalers.pocket import ARCHITECTURE, PocketUpscaler
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.errors import UpscalerUnavailable
from generation.upscaling import Tiling, UpscalerName, real_esrgan_installed
from tests.generation.engine.upscalers.conftest import finish

needs_real_esrgan = pytest.mark.skipif(not real_esrgan_installed(), reason="needs the extra `upscale`")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's directory with an upscaler of random weights in it."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    network = PocketUpscaler(width=8, blocks=2)
    (folder / "upscaler").mkdir()
    shape = {"architecture": ARCHITECTURE, "scale": 4, "width": 8, "blocks": 2}
    (folder / "upscaler" / "config.json").write_text(json.dumps(shape))
    save_file(
        {name: weight.half() for name, weight in network.state_dict().items()}, folder / "upscaler/model.safetensors"
    )
    return folder


@pytest.fixture
def upscalers(folder: Path) -> UpscalerRegistry:
    damaged = folder.parent / "damaged"
    (damaged / "upscaler").mkdir(parents=True, exist_ok=True)
    (damaged / "upscaler" / "config.json").write_text("{}")
    models = [replace(POCKET, name="own", source=str(folder)), replace(POCKET, name="plain", source="/nowhere")]
    return UpscalerRegistry(Catalogue([*models, replace(POCKET, name="damaged", source=str(damaged))]))


@pytest.fixture
def fox() -> Image.Image:
    """Soft colours with a hard edge in them."""
    y, x = numpy.mgrid[:120, :120].astype(numpy.float32)
    channels = [128 + 100 * numpy.sin(x / 30), 128 + 100 * numpy.sin(y / 25), numpy.where(x + y > 130, 200, 60)]
    return Image.fromarray(numpy.stack(channels, -1).astype(numpy.uint8), "RGB")


def finished(image: Image.Image, upscaler: Upscaler, factor: int) -> "numpy.ndarray[Any, numpy.dtype[numpy.int64]]":
    return numpy.asarray(finish(enlarged(image, upscaler, factor, lambda *_: None)), numpy.int64)


class Untiled:
    """An upscaler that takes every picture whole."""

    tiling = Tiling(side=4096, context=0, blend=0)

    def __init__(self, upscaler: Upscaler) -> None:
        self.name = upscaler.name
        self.enlarge = upscaler.enlarge


@needs_real_esrgan
def test_the_best_at_hand_for_the_pictures_model(upscalers: UpscalerRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    picked = [upscalers.take(UpscalerName.AUTO, model).name for model in ("own", "plain", "damaged", "gone")]
    assert picked == ["Pocket", "Real-ESRGAN", "Real-ESRGAN", "Real-ESRGAN"]
    monkeypatch.setattr(registry, "real_esrgan_installed", lambda: False)
    picked = [upscalers.take(UpscalerName.AUTO, model).name for model in ("own", "plain", "damaged", "gone")]
    assert picked == ["Pocket", "Lanczos", "Lanczos", "Lanczos"]


@needs_real_esrgan
def test_the_hosts_choice_comes_first_and_gives_way(folder: Path) -> None:
    catalogue = Catalogue([replace(POCKET, name="own", source=str(folder)), replace(POCKET, name="plain", source="x")])
    assert UpscalerRegistry(catalogue, usual=UpscalerName.LANCZOS).take(UpscalerName.AUTO, "own").name == "Lanczos"
    usually_pocket = UpscalerRegistry(catalogue, usual=UpscalerName.POCKET)
    assert usually_pocket.take(UpscalerName.AUTO, "plain").name == "Real-ESRGAN"
    assert usually_pocket.take(UpscalerName.REAL_ESRGAN_ANIME, "own").name == "Real-ESRGAN anime"


def test_what_is_asked_for_by_name_is_used_or_missed(upscalers: UpscalerRegistry) -> None:
    assert upscalers.take(UpscalerName.LANCZOS, "own").name == "Lanczos"
    for model in ("plain", "damaged"):
        with pytest.raises(UpscalerUnavailable, match="Pocket is not available"):
            upscalers.take(UpscalerName.POCKET, model)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("name", [UpscalerName.LANCZOS, UpscalerName.POCKET])
def test_tiles_give_the_untiled_picture(upscalers: UpscalerRegistry, name: UpscalerName, factor: int) -> None:
    upscaler = upscalers.take(name, "own")
    noise = numpy.random.default_rng(0).integers(0, 256, (230, upscaler.tiling.side + 70, 3), numpy.uint8)
    image = Image.fromarray(noise, "RGB")
    whole, tiled = finished(image, Untiled(upscaler), factor), finished(image, upscaler, factor)
    assert whole.shape == (230 * factor, (upscaler.tiling.side + 70) * factor, 3)
    assert abs(whole - tiled).max() <= 1


@needs_real_esrgan
def test_no_seam_in_what_a_network_of_wide_sight_enlarges(upscalers: UpscalerRegistry, fox: Image.Image) -> None:
    upscaler = upscalers.take(UpscalerName.REAL_ESRGAN_ANIME, "plain")
    assert len(upscaler.tiling.boxes(*fox.size)) == 4
    whole, tiled = finished(fox, Untiled(upscaler), 2), finished(fox, upscaler, 2)
    assert abs(whole - tiled).mean() < 0.2
    assert abs(whole - tiled).max() <= 8


@needs_real_esrgan
def test_the_networks_keep_what_is_to_be_seen(upscalers: UpscalerRegistry, fox: Image.Image) -> None:
    small = fox.resize((60, 60), Image.Resampling.BOX)
    upscaler = upscalers.take(UpscalerName.REAL_ESRGAN_ANIME, "plain")
    larger = Image.fromarray(finished(small, upscaler, 4).astype(numpy.uint8), "RGB")
    back = numpy.asarray(larger.resize((60, 60), Image.Resampling.BOX), int)
    assert abs(back - numpy.asarray(small, int)).mean() < 6
