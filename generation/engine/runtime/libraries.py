"""diffusers and transformers: imported together, quietly, and without the packages that no picture needs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

_FOR_QUANTISED = ("bitsandbytes", "torchao", "sdnq")
"""Packages that diffusers and transformers would import at once, for models that come quantised."""

_IN_FEW_SAMPLERS = ("scipy.stats", "scipy.integrate")
"""The beta schedule takes quantiles from the first, LMS its coefficients from the second."""


def prepare(*, peft: bool = False, quantized: bool = False) -> None:
    """Import what Stable Diffusion is read and run with, which takes seconds; turn off log lines and progress bars.

    Some packages are left out. transformers would import scipy for the losses of training, and both would import peft
    where it is installed: `peft` lets them, for the LoRAs of models that are drawn by a pipeline of diffusers. Other
    LoRAs are merged into the weights here. `quantized` lets them import what reads weights that come quantised, which
    takes seconds. diffusers' schedulers import scipy when they use it.
    `python -m benchmarks.imports` shows what each library costs.
    """
    unwanted = (*(() if peft else ("peft",)), *(() if quantized else _FOR_QUANTISED))
    with hidden(*unwanted, "scipy"):
        from transformers import CLIPTextModel, CLIPTokenizer  # noqa: F401
    for name in _IN_FEW_SAMPLERS:
        sys.modules.setdefault(name, PostponedModule(name))
    with hidden(*unwanted):
        from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel  # noqa: F401
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


class PostponedModule(ModuleType):
    """Stands in `sys.modules` for a module that is imported when one of its names is first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(f"module {self.__name__} is not imported yet and has no {name}")
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Have packages that nobody imported yet look as if they were not installed."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
