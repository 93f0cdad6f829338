"""The safety checker: finds finished pictures that belong in age-restricted channels.

`SafetyChecker` is the one that came with Stable Diffusion: the CLIP embedding of a picture is compared with those of 17
concepts, each with its own threshold (described in Rando et al., arXiv 2210.04610). `OpenNsfw` works offline.
"""

import logging
from typing import Any, Protocol

import numpy
import torch
from PIL import Image

from generation.catalogue import OPEN_NSFW, Catalogue
from generation.engine.models.open_nsfw import OpenNsfw
from generation.engine.runtime import hub
from generation.errors import CheckerUnavailable

log = logging.getLogger(__name__)


class SafetyChecker:
    """Checks pictures, one at a time."""

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        self._network = network.eval().to(device)
        self._processor = processor
        self._device = device

    @classmethod
    def read(cls, source: str, device: torch.device, report: hub.Report = lambda share: None) -> "SafetyChecker":
        """Read a checker from a hub id, downloaded with `report`, or from a folder, which may be a whole pipeline's;
        safetensors only, since pickled weights can run code. Raises `CheckerUnavailable`."""
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
        """A stand-in for the picture, since the network blackens flagged images."""
        _, found = self._network(clip_input=seen, images=[pixel])
        return bool(found[0])


class Checker(Protocol):
    """Says of a picture, in RGB, whether it belongs in an age-restricted channel."""

    def flags(self, image: Image.Image) -> bool: ...


class SafetyCheckers:
    """The safety checkers of one worker, each loaded once."""

    def __init__(self, catalogue: Catalogue, device: torch.device) -> None:
        self._catalogue = catalogue
        self._device = device
        self._loaded: dict[str, Checker] = {}

    def take(self, model: str, on_load: hub.Report = lambda share: None) -> Checker:
        """The checker for pictures of a model, loaded if needed, with progress to `on_load`.

        Raises `CheckerUnavailable`, also where none is configured.
        """
        source = self._catalogue.get(model).safety_checker
        if not source:
            raise CheckerUnavailable(f"no safety checker is named for the model {model}")
        if source not in self._loaded:
            is_offline = source == OPEN_NSFW
            self._loaded[source] = OpenNsfw.read() if is_offline else SafetyChecker.read(source, self._device, on_load)
        return self._loaded[source]
