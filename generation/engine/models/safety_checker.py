"""Finished pictures, checked for what belongs in age-restricted channels.

The checker is the one that came with Stable Diffusion: CLIP looks at the picture, and what it sees is compared with 17
concepts, each with a threshold of its own (described in Rando et al., arXiv 2210.04610).
"""

import logging
from typing import Any

import numpy
import torch
from PIL import Image

from generation.catalogue import Catalogue
from generation.engine.runtime import hub
from generation.errors import CheckerUnavailable

log = logging.getLogger(__name__)


class SafetyChecker:
    """Looks at pictures, one at a time."""

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        self._network = network.eval().to(device)
        self._processor = processor
        self._device = device

    @classmethod
    def read(cls, source: str, device: torch.device, report: hub.Report = lambda share: None) -> "SafetyChecker":
        """From a hub id, which is fetched with `report`, or a directory, which may be a whole pipeline's; safetensors
        only, since pickled weights can run code. Raises `CheckerUnavailable`."""
        from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
        from transformers import CLIPImageProcessor

        log.info("loading the safety checker %s", source)
        report(0.0)
        try:
            folder = hub.network(source, report)
            network, processor = folder / "safety_checker", folder / "feature_extractor"
            parts = (network, processor) if network.is_dir() else (folder, folder)
            return cls(
                StableDiffusionSafetyChecker.from_pretrained(parts[0], use_safetensors=True, local_files_only=True),
                CLIPImageProcessor.from_pretrained(parts[1], local_files_only=True),
                device,
            )
        except (OSError, ValueError, RuntimeError) as reason:
            raise CheckerUnavailable(f"the safety checker {source} cannot be loaded: {reason}") from reason

    @torch.inference_mode()
    def flags(self, image: Image.Image) -> bool:
        """True for a picture that belongs in an age-restricted channel."""
        seen = self._processor(images=image, return_tensors="pt").pixel_values.to(self._device)
        pixel = numpy.zeros((1, 1, 3))
        """The network blackens what it flags; the picture itself is not given to it."""
        _, found = self._network(clip_input=seen, images=[pixel])
        return bool(found[0])


class SafetyCheckers:
    """The checkers of one worker, each loaded once."""

    def __init__(self, catalogue: Catalogue, device: torch.device) -> None:
        self._catalogue = catalogue
        self._device = device
        self._loaded: dict[str, SafetyChecker] = {}

    def take(self, model: str, on_load: hub.Report = lambda share: None) -> SafetyChecker:
        """The checker for pictures of a model; where it must be read, `on_load` is told how far that is.

        Raises `CheckerUnavailable`, also where the host names none.
        """
        source = self._catalogue.get(model).safety_checker
        if not source:
            raise CheckerUnavailable(f"no safety checker is named for the model {model}")
        if source not in self._loaded:
            self._loaded[source] = SafetyChecker.read(source, self._device, on_load)
        return self._loaded[source]
