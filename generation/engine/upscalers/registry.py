"""Chooses the upscaler for a picture."""

import logging
from pathlib import Path

import torch

from generation.catalogue import Catalogue
from generation.engine.upscalers.base import Upscaler
from generation.engine.upscalers.lanczos import Lanczos
from generation.engine.upscalers.pocket import FOLDER, Pocket
from generation.engine.upscalers.real_esrgan import WEIGHTS, RealEsrgan
from generation.errors import UnknownModel, UpscalerUnavailable
from generation.upscaling import UpscalerName, real_esrgan_installed

log = logging.getLogger(__name__)


class UpscalerRegistry:
    """The upscalers of one worker, each loaded once. `usual` is the host's choice for requests that name none."""

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        device: torch.device | None = None,
        usual: UpscalerName = UpscalerName.AUTO,
    ) -> None:
        self._catalogue = catalogue or Catalogue()
        self._device = device or torch.device("cpu")
        self._usual = usual
        self._loaded: dict[tuple[UpscalerName, Path | None], Upscaler] = {}

    def take(self, wanted: UpscalerName, model: str) -> Upscaler:
        """The upscaler called `wanted` for a picture of `model`.

        Where the host's usual choice is not available, the next best is taken. Raises `UpscalerUnavailable` where one
        that a request names is not available.
        """
        if wanted is not UpscalerName.AUTO:
            return self._load(wanted, model)
        for name in (self._usual, UpscalerName.POCKET, UpscalerName.REAL_ESRGAN):
            if name is not UpscalerName.AUTO and self._is_available(name, model):
                try:
                    return self._load(name, model)
                except UpscalerUnavailable as reason:
                    log.warning("%s", reason)
        return self._load(UpscalerName.LANCZOS, model)

    def _is_available(self, name: UpscalerName, model: str) -> bool:
        match name:
            case UpscalerName.POCKET:
                return self._folder_of(model) is not None
            case UpscalerName.REAL_ESRGAN | UpscalerName.REAL_ESRGAN_ANIME:
                return real_esrgan_installed()
        return True

    def _load(self, name: UpscalerName, model: str) -> Upscaler:
        key = name, self._folder_of(model) if name is UpscalerName.POCKET else None
        if key not in self._loaded:
            try:
                self._loaded[key] = self._create(*key)
            except (ImportError, OSError, KeyError, ValueError, RuntimeError) as reason:
                raise UpscalerUnavailable(f"the upscaler {name} is not available: {reason}") from reason
        return self._loaded[key]

    def _create(self, name: UpscalerName, folder: Path | None) -> Upscaler:
        if name in WEIGHTS:
            return RealEsrgan(name)
        if name is UpscalerName.LANCZOS:
            return Lanczos()
        if folder is None:
            raise FileNotFoundError("the picture's model has none")
        return Pocket(folder, self._device)

    def _folder_of(self, model: str) -> Path | None:
        """The folder of the upscaler that a model brings; None where it brings none."""
        try:
            folder = Path(self._catalogue.get(model).source).expanduser() / FOLDER
        except UnknownModel:
            return None
        return folder if (folder / "config.json").is_file() else None
