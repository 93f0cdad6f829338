"""Caches between steps, which skip work that hardly changes from one step to the next, and the models that have them.

The pictures change a little; docs/models.md has measurements. Which family can use which one is a matter of diffusers'
hooks: `tests/generation/engine/models/test_step_cache.py` tries each.
"""

from collections.abc import Mapping
from enum import StrEnum


class StepCache(StrEnum):
    """The caches, as the configuration names them."""

    NONE = ""
    FIRST_BLOCK = "first-block"
    """Where the first block's output hardly changes, the other blocks' is that of the step before (ParaAttention)."""
    TAYLORSEER = "taylorseer"
    """Attention is extrapolated from earlier steps (Liu et al., arXiv 2503.06923)."""
    FASTER = "faster"
    """Attention is computed in every other step, later in the picture (Lv et al., arXiv 2410.19355)."""


_ATTENTION = (StepCache.TAYLORSEER, StepCache.FASTER)
_ALL = (StepCache.FIRST_BLOCK, *_ATTENTION)

SUPPORTED: Mapping[str, tuple[StepCache, ...]] = {
    "FluxPipeline": _ALL,
    "FluxKontextPipeline": _ALL,
    "QwenImagePipeline": _ALL,
    "QwenImageEditPipeline": _ALL,
    "QwenImageEditPlusPipeline": _ALL,
    "Flux2Pipeline": _ATTENTION,
    "Flux2KleinPipeline": _ATTENTION,
    "ChromaPipeline": _ATTENTION,
}
"""The caches of each diffusers pipeline; all others have none."""
