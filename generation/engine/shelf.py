"""The models in memory."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

import torch

from generation.catalogue import Catalogue, ModelSpec
from generation.engine import inversion
from generation.engine.loading import load
from generation.engine.models import Model

log = logging.getLogger(__name__)


class Shelf:
    """The models in memory, at most `room`; the one used longest ago makes place for a new one."""

    def __init__(self, catalogue: Catalogue, device: torch.device, dtype: torch.dtype, room: int = 1) -> None:
        self._catalogue = catalogue
        self._device = device
        self._dtype = dtype
        self._room = room
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._precise: WeakValueDictionary[str, Model] = WeakValueDictionary()

    def take(self, name: str, on_load: Callable[[], None]) -> Model:
        """The model called `name`; `on_load` is called first where it must be read from disk."""
        if name not in self._models:
            spec = self._catalogue.get(name)
            on_load()
            while len(self._models) >= self._room:
                self._models.popitem(last=False)
            self._models[name] = self._loaded(spec, self._dtype)
        self._models.move_to_end(name)
        return self._models[name]

    def in_float32(self, name: str, on_load: Callable[[], None]) -> Model:
        """A second copy of a model, in float32, for a picture that its own number format cannot hold. It leaves memory
        with the last picture that is drawn with it."""
        model = self._precise.get(name)
        if model is None:
            on_load()
            model = self._precise[name] = self._loaded(self._catalogue.get(name), torch.float32)
        return model

    def _loaded(self, spec: ModelSpec, dtype: torch.dtype) -> Model:
        model = load(spec, self._device, dtype)
        model.loras = self._catalogue.loras
        for each in self._catalogue.embeddings.of(spec.name):
            try:
                model.prompts.learn(each.name, each.file)
            except inversion.Misfit as reason:
                log.warning("“%s” stays a word as others to %s: %s", each.name, spec.name, reason)
        return model
