"""The models in memory."""

import logging
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from generation import abilities
from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning import textual_inversion
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.loader import UNBUILT, Report, load, needed
from generation.engine.models.model import Model
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.runtime.progress import LoadProgress
from generation.engine.scheduling.dtype_trial import DtypeTrial
from generation.engine.scheduling.profiling import device_name
from generation.errors import ModelTooLarge, UnknownModel, Unsuitable

log = logging.getLogger(__name__)

AnyModel = TypeVar("AnyModel", Model, PipelineModel)

BESIDE_SHARE = 0.8
"""Of the memory that is free, how much a model may take that is read beside those at work; drawing needs the rest."""


class ModelCache:
    """The models in memory, at most `room`, or those at work where they are more; the one used longest ago makes place
    for a new one, and all that are idle do where the new one has no place beside them. Each is in the number format
    `dtype`, or in that of `rival` where it is faster. What did not fit into memory, or took long, is kept in the file
    `measurements`. `strict` lets nothing that was timed have a say in pixels.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        device: torch.device,
        dtype: torch.dtype,
        room: int = 1,
        rival: DtypeTrial | None = None,
        acceleration: Acceleration = UNACCELERATED,
        measurements: Path | None = None,
        strict: bool = False,
    ) -> None:
        self._catalogue = catalogue
        self._device = device
        self._dtype = dtype
        self._room = room
        self._rival = rival
        self._acceleration = acceleration
        self._fitting_tiles = Measurements(measurements, "tiles that fit")
        self._quick_tiles = Measurements(measurements, "tiles that are quick")
        self._strict = strict
        self._models: OrderedDict[str, Model | PipelineModel] = OrderedDict()
        self._precise: WeakValueDictionary[str, Model | PipelineModel] = WeakValueDictionary()

    @property
    def names(self) -> list[str]:
        """What is in memory, the model used longest ago first."""
        return list(self._models)

    def take(self, name: str, on_load: Report, at_work: Collection[str] = ()) -> Model:
        """The model called `name` for the running batch; where it must be read, `on_load` is told how far that is, from
        0 on. Those `at_work` stay in memory.

        Raises `UnknownModel`, `Unsuitable` for a model that is drawn by its own pipeline, and what `load` raises.
        """
        model = self.any(name, on_load, at_work)
        if isinstance(model, PipelineModel):
            raise Unsuitable(abilities.SENTENCE)
        return model

    def any(self, name: str, on_load: Report, at_work: Collection[str] = ()) -> Model | PipelineModel:
        """The model called `name`, of whatever family; else as `take`."""
        if name not in self._models:
            spec = self._catalogue.get(name)
            self._leave(self._room - 1, at_work)
            self._models[name] = self._read(spec, on_load, at_work)
        self._models.move_to_end(name)
        return self._models[name]

    def has_place(self, name: str, at_work: Collection[str]) -> bool:
        """Whether the model called `name` can be drawn with while those `at_work` stay in memory. False also where it
        is not on this machine yet, or cannot be read."""
        if name in self._models:
            return True
        idle = [model for other, model in self._models.items() if other not in at_work]
        try:
            spec = self._catalogue.get(name)
            wanted = needed(spec, self._known_dtype(spec))
        except (UnknownModel, *UNBUILT) as reason:
            log.info("%s is not read beside others: %s", name, reason)
            return False
        memory.release(self._device)
        free = memory.free(torch.device("cpu") if self._acceleration.offload else self._device)
        return wanted <= BESIDE_SHARE * (free + sum(map(_bytes, idle)))

    def keep(self, at_work: Collection[str]) -> None:
        """Let go of what there is no room for, now that no others are `at_work`."""
        self._leave(self._room, at_work)

    def like_this(self, dtype: torch.dtype) -> "ModelCache":
        """Another shelf with the same models, in one number format."""
        return ModelCache(
            self._catalogue, self._device, dtype, self._room, acceleration=self._acceleration, strict=self._strict
        )

    def in_float32(self, model: AnyModel, on_load: Report) -> AnyModel:
        """A second copy of a model, in float32, for a picture that its own number format cannot hold. It leaves memory
        with the last picture that is drawn with it."""
        precise = self._precise.get(model.spec.name)
        if precise is None:
            precise = self._precise[model.spec.name] = self._loaded(model.spec, torch.float32, on_load)
        assert isinstance(precise, type(model))
        return precise

    def forget_idle(self) -> None:
        """Hand back the memory of what models keep for later."""
        for model in (*self._models.values(), *self._precise.values()):
            if isinstance(model, Model):
                model.lora_adapters.forget_idle()
        memory.release(self._device)

    def _read(self, spec: ModelSpec, on_load: Report, at_work: Collection[str]) -> Model | PipelineModel:
        if self._rival is None or self._wins(spec, self._rival) is not None:
            return self._placed(spec, self._known_dtype(spec), on_load, at_work)
        return self._faster(spec, self._rival, on_load, at_work)

    def _known_dtype(self, spec: ModelSpec) -> torch.dtype:
        """The number format of a model, as far as that was found out."""
        return self._rival.dtype if self._rival and self._wins(spec, self._rival) else self._dtype

    def _wins(self, spec: ModelSpec, rival: DtypeTrial) -> bool | None:
        return rival.wins(self._device, spec.name, memory.free(self._device))

    def _faster(
        self, spec: ModelSpec, rival: DtypeTrial, on_load: Report, at_work: Collection[str]
    ) -> Model | PipelineModel:
        """In both number formats, side by side, or one after the other where memory has no room for both."""
        told = LoadProgress(on_load)
        try:
            model = self._placed(spec, self._dtype, told.until(0.5), at_work)
        except ModelTooLarge:
            free = memory.free(self._device)
            model = self._placed(spec, rival.dtype, told.until(1.0), at_work)
            rival.remember(self._device, spec.name, wins=True, free=free)
            return model
        if isinstance(model, PipelineModel):
            return model
        other: Model | PipelineModel | None = None
        try:
            other = self._loaded(spec, rival.dtype, told.until(1.0))
            assert isinstance(other, Model)
            if rival.decide(self._device, spec.name, *rival.medians(model, other)):
                model = other
            other = None
            memory.release(self._device)
            return model
        except memory.ERRORS as reason:
            if not memory.is_exhausted(reason):
                raise
        [usual] = rival.medians(model)
        del model
        other = None
        memory.release(self._device)
        free = memory.free(self._device)
        try:
            other = self._loaded(spec, rival.dtype, told.until(1.0))
            assert isinstance(other, Model)
            if rival.decide(self._device, spec.name, usual, *rival.medians(other)):
                return other
        except memory.ERRORS as reason:
            if not memory.is_exhausted(reason):
                raise
            log.info("%s stays in %s: %s", spec.name, self._dtype, reason)
            rival.remember(self._device, spec.name, wins=False, free=free)
        other = None
        memory.release(self._device)
        return self._placed(spec, self._dtype, told.until(1.0), at_work)

    def _placed(
        self, spec: ModelSpec, dtype: torch.dtype, on_load: Report, at_work: Collection[str]
    ) -> Model | PipelineModel:
        """Read, and where memory is not enough for it beside the others, in the place of those that are idle."""
        try:
            return self._loaded(spec, dtype, on_load)
        except ModelTooLarge:
            if not self._leave(0, at_work):
                raise
        return self._loaded(spec, dtype, on_load)

    def _loaded(self, spec: ModelSpec, dtype: torch.dtype, on_load: Report) -> Model | PipelineModel:
        model = load(spec, self._device, dtype, on_load, self._acceleration)
        if isinstance(model, PipelineModel):
            return model
        named = f"{device_name(self._device)}, {spec.name}, {model.vae.dtype}"
        model.autoencoder.remember_in(self._fitting_tiles, self._quick_tiles, named)
        model.autoencoder.patient = self._strict
        model.loras = self._catalogue.loras
        for each in self._catalogue.embeddings.of(spec.name):
            try:
                model.prompts.learn(each.name, each.file)
            except textual_inversion.EmbeddingMismatch as reason:
                log.warning("“%s” stays a word as others to %s: %s", each.name, spec.name, reason)
        return model

    def _leave(self, most: int, at_work: Collection[str]) -> bool:
        """Let go of the models used longest ago, but for those `at_work`, until at most so many are left; True where
        any left."""
        idle = [name for name in self._models if name not in at_work]
        leaving = idle[: max(len(self._models) - most, 0)]
        for name in leaving:
            log.info("%s leaves memory", name)
            del self._models[name]
        if leaving:
            memory.release(self._device)
        return bool(leaving)


def _bytes(model: Model | PipelineModel) -> int:
    """What the networks of a model hold."""
    networks = [part for part in model.pipeline.components.values() if isinstance(part, torch.nn.Module)]
    return sum(weight.nbytes for network in networks for weight in network.parameters())
