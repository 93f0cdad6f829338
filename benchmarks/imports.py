"""CPU seconds that the imports of a worker cost, library by library: the median of several fresh processes.

Each line imports what the lines above it import, and one thing more; the second column is that thing's share.

    python -m benchmarks.imports [--repeats 5]
"""

import argparse
import os
import subprocess
import sys
from itertools import accumulate
from statistics import median

from generation.local_worker import QUIET

STEPS = {
    "numpy and Pillow": "import numpy, PIL.Image",
    "torch": "import torch",
    "the worker's own modules": "import generation.engine.worker",
    "torch._dynamo, which both libraries import": "import torch._dynamo",
    "transformers: CLIP and its tokenizer": (
        "from generation.engine.runtime.libraries import hidden\n"
        "with hidden('peft', 'scipy'):\n"
        "    from transformers import CLIPTextModel, CLIPTokenizer"
    ),
    "diffusers: UNet, autoencoder and pipeline": (
        "from generation.engine.runtime import libraries\nlibraries.prepare()"
    ),
}
"""Python statements in the order in which a worker that starts runs them."""

LEFT_OUT = {
    "scipy.stats, for the beta schedule": "import scipy.stats",
    "scipy.integrate, for LMS": "import scipy.integrate",
    "peft, where it is installed": "import peft",
}
"""Imports that a worker postpones or never needs, measured after all of `STEPS`."""

_TIMED = """
import resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
{code}
print("", resource.getrusage(resource.RUSAGE_SELF).ru_utime - before)
"""


def cpu_seconds(code: str) -> float:
    """User CPU seconds of running `code` in a fresh process. Raises `subprocess.CalledProcessError`."""
    ended = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=QUIET | os.environ,
    )
    return float(ended.stdout.split()[-1])


def costs(steps: dict[str, str], repeats: int, before: str = "") -> dict[str, tuple[float, float]]:
    """For each step, the median CPU seconds of all steps up to it, and how many of them are its own."""
    programs = list(accumulate(steps.values(), lambda code, step: f"{code}\n{step}", initial=before))
    runs = [[cpu_seconds(program) for program in programs] for _ in range(repeats)]
    totals = [median(seconds) for seconds in zip(*runs, strict=True)]
    return {name: (totals[i + 1], totals[i + 1] - totals[i]) for i, name in enumerate(steps)}


def main() -> None:
    """Print a line for each library."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"{'in all':>7}{'own':>7}")
    for name, (total, own) in costs(STEPS, repeats).items():
        print(f"{total:7.2f}{own:7.2f}  {name}")
    print("left out:")
    for name, (total, own) in costs(LEFT_OUT, repeats, before="\n".join(STEPS.values())).items():
        print(f"{total:7.2f}{own:7.2f}  {name}")


if __name__ == "__main__":
    main()
