"""Quality and speed of all installed upscalers on the same pictures.

Each picture is scaled down to a half and a quarter with an antialiased filter, upscaled again, and compared with the
original: peak signal-to-noise ratio in dB (more is better), and seconds a picture.

    python -m benchmarks.upscalers [FILE...]
"""

import argparse
import math
import time
from pathlib import Path

import numpy
import torch
from PIL import Image

from generation.catalogue import POCKET, Catalogue
from generation.engine.upscalers.base import Upscaler, enlarged
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.errors import UpscalerUnavailable
from generation.upscaling import FACTORS, UpscalerName

SAMPLE = Path(__file__).parents[1] / "training" / "sample" / "fluent-3d" / "assets"


def main() -> None:
    """Print a line for each factor and upscaler."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", nargs="*", type=Path, default=sorted(SAMPLE.glob("*.webp")), metavar="FILE")
    truths = [_on_white(file) for file in parser.parse_args().pictures]
    upscalers = UpscalerRegistry(Catalogue([POCKET]), torch.device("cpu"))
    print(f"{len(truths)} pictures, {torch.get_num_threads()} threads")
    for factor in FACTORS:
        for name in list(UpscalerName)[1:]:
            try:
                upscaler = upscalers.take(name, POCKET.name)
            except UpscalerUnavailable as reason:
                print(f"×{factor}  {reason}")
                continue
            decibels, seconds, longest = _measured(upscaler, truths, factor)
            print(f"×{factor}  {name:18} {decibels:6.2f} dB  {seconds:6.2f} s a picture, longest slice {longest:.2f} s")


def _measured(upscaler: Upscaler, truths: list[Image.Image], factor: int) -> tuple[float, float, float]:
    """dB over all pictures together, seconds a picture, and seconds of the longest slice."""
    errors, seconds, longest = [], 0.0, 0.0
    for truth in truths:
        small = truth.resize((truth.width // factor, truth.height // factor), Image.Resampling.BICUBIC)
        slices, ended = enlarged(small, upscaler, factor, lambda *_: None), False
        while not ended:
            started = time.perf_counter()
            try:
                next(slices)
            except StopIteration as end:
                larger, ended = end.value, True
            slice_seconds = time.perf_counter() - started
            seconds, longest = seconds + slice_seconds, max(longest, slice_seconds)
        difference = numpy.asarray(larger, numpy.float64) - numpy.asarray(truth.resize(larger.size))
        errors.append((difference**2).mean())
    return 10 * math.log10(255**2 / max(numpy.mean(errors), 1e-9)), seconds / len(truths), longest


def _on_white(file: Path) -> Image.Image:
    with Image.open(file) as image:
        rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


if __name__ == "__main__":
    main()
