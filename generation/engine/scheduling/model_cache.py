"""The models that stay in memory, and which leave it for others."""

import logging
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from generation import suitability
from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning import textual_inversion
from generation.engine.models.batched_model import AnyBatchedModel, BatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.loader import UNBUILT, Report, load, needed
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.scheduling.dtype_trial import DtypeTrial
from generation.engine.scheduling.profiling import device_name
from generation.errors import ModelTooLarge, UnknownModel, Unsuitable

log = logging.getLogger(__name__)

AnyModel = TypeVar("AnyModel", UNetModel, AnyBatchedModel, PipelineModel)

BESIDE_SHARE = 0.8
"""The share of free memory that a model may take beside those in use; drawing needs the rest."""


class ModelCache:
    """Keeps at most `room` models in memory, or those in use where they are more.

    The model used longest ago leaves for a new one, and all idle ones leave where the new one has no room beside them.
    Models are in the number format `dtype`, or in that of `trial` where it is faster. Sizes that did not fit into
    memory, or took long to decode, are kept in the file `measurements`. With `strict` no measured time changes pixels.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        device: torch.device,
        dtype: torch.dtype,
        room: int = 1,
        trial: DtypeTrial | None = None,
        acceleration: Acceleration = UNACCELERATED,
        measurements: Path | None = None,
        strict: bool = False,
    ) -> None:
        self._catalogue = catalogue
        self._device = device
        self._dtype = dtype
        self._room = room
        self._trial = trial
        self._acceleration = acceleration
        self._fitting_tiles = Measurements(measurements, "tiles that fit")
        self._quick_tiles = Measurements(measurements, "tiles that are quick")
        self._strict = strict
        self._models: OrderedDict[str, AnyBatchedModel | PipelineModel] = OrderedDict()
        self._in_float32: WeakValueDictionary[str, AnyBatchedModel | PipelineModel] = WeakValueDictionary()

    @property
    def names(self) -> list[str]:
        """The names of the models in memory, the one used longest ago first."""
        return list(self._models)

    def take(self, name: str, on_load: Report, in_use: Collection[str] = ()) -> UNetModel:
        """The Stable Diffusion model called `name`. While it loads, `on_load` is told which share is done, 0 to 1.
        The models `in_use` stay in memory.

        Raises `UnknownModel`, `Unsuitable` for a model of another family, and what `load` raises.
        """
        model = self.any(name, on_load, in_use)
        if not isinstance(model, UNetModel):
            raise Unsuitable(suitability.SENTENCE)
        return model

    def any(self, name: str, on_load: Report, in_use: Collection[str] = ()) -> AnyBatchedModel | PipelineModel:
        """The model called `name`, of any family; else as `take`."""
        if name not in self._models:
            spec = self._catalogue.completed(name)
            self._leave(self._room - 1, in_use)
            self._models[name] = self._read(spec, on_load, in_use)
        self._models.move_to_end(name)
        return self._models[name]

    def has_place(self, name: str, in_use: Collection[str]) -> bool:
        """True where the model called `name` can be used while those `in_use` stay in memory. False also where it is
        not on this machine yet, or cannot be read."""
        if name in self._models:
            return True
        idle = [model for other, model in self._models.items() if other not in in_use]
        try:
            spec = self._catalogue.completed(name)
            wanted = needed(spec, self._known_dtype(spec))
        except (UnknownModel, *UNBUILT) as reason:
            log.info("%s is not loaded beside others: %s", name, reason)
            return False
        memory.release(self._device)
        free = memory.free(torch.device("cpu") if self._acceleration.offload else self._device)
        return wanted <= BESIDE_SHARE * (free + sum(map(_bytes, idle)))

    def keep(self, in_use: Collection[str]) -> None:
        """Drop the models that there is no room for, now that only those `in_use` are in use."""
        self._leave(self._room, in_use)

    def like_this(self, dtype: torch.dtype) -> "ModelCache":
        """Another cache for the same models, in one number format."""
        return ModelCache(
            self._catalogue, self._device, dtype, self._room, acceleration=self._acceleration, strict=self._strict
        )

    def in_float32(self, model: AnyModel, on_load: Report) -> AnyModel:
        """A second copy of a model, in float32, for a picture that its own number format cannot hold. It leaves memory
        with the last picture that uses it."""
        copy = self._in_float32.get(model.spec.name)
        if copy is None:
            copy = self._in_float32[model.spec.name] = self._loaded(model.spec, torch.float32, on_load)
        assert isinstance(copy, type(model))
        return copy

    def forget_idle(self) -> None:
        """Free the memory of what models keep for later."""
        for model in (*self._models.values(), *self._in_float32.values()):
            if isinstance(model, BatchedModel):
                model.lora_adapters.forget_idle()
        memory.release(self._device)

    def _read(self, spec: ModelSpec, on_load: Report, in_use: Collection[str]) -> AnyBatchedModel | PipelineModel:
        """Load a model in its number format, which is found out first where it is not known."""

        def load(dtype: torch.dtype, report: Report) -> AnyBatchedModel | PipelineModel:
            return self._loaded(spec, dtype, report)

        def make_room(dtype: torch.dtype, report: Report) -> AnyBatchedModel | PipelineModel:
            return self._placed(spec, dtype, report, in_use)

        if self._trial is None or self._trial_wins(spec) is not None:
            return make_room(self._known_dtype(spec), on_load)
        model = self._trial.load_faster(spec.name, self._dtype, self._device, on_load, load=load, make_room=make_room)
        memory.release(self._device)
        return model

    def _known_dtype(self, spec: ModelSpec) -> torch.dtype:
        """The number format of a model, as far as that is known."""
        return self._trial.dtype if self._trial and self._trial_wins(spec) else self._dtype

    def _trial_wins(self, spec: ModelSpec) -> bool | None:
        return self._trial.wins(self._device, spec.name, memory.free(self._device)) if self._trial else None

    def _placed(
        self, spec: ModelSpec, dtype: torch.dtype, on_load: Report, in_use: Collection[str]
    ) -> AnyBatchedModel | PipelineModel:
        """Load a model; where memory has no room for it beside the others, in the place of idle ones."""
        try:
            return self._loaded(spec, dtype, on_load)
        except ModelTooLarge:
            if not self._leave(0, in_use):
                raise
        return self._loaded(spec, dtype, on_load)

    def _loaded(self, spec: ModelSpec, dtype: torch.dtype, on_load: Report) -> AnyBatchedModel | PipelineModel:
        model = load(spec, self._device, dtype, on_load, self._acceleration)
        model.loras = self._catalogue.loras
        if isinstance(model, PipelineModel):
            return model
        named = f"{device_name(self._device)}, {spec.name}, {model.vae.dtype}"
        model.autoencoder.remember_in(self._fitting_tiles, self._quick_tiles, named)
        model.autoencoder.patient = self._strict
        if isinstance(model, UNetModel):
            self._learn_words(spec, model)
        return model

    def _learn_words(self, spec: ModelSpec, model: UNetModel) -> None:
        for each in self._catalogue.embeddings.of(spec.name):
            try:
                model.prompts.learn(each.name, each.file)
            except textual_inversion.EmbeddingMismatch as reason:
                log.warning(
                    "the embedding “%s” does not fit %s, and is read as a plain word: %s", each.name, spec.name, reason
                )

    def _leave(self, most: int, in_use: Collection[str]) -> bool:
        """Drop the models used longest ago, except those `in_use`, until at most so many are left; True where any was
        dropped."""
        idle = [name for name in self._models if name not in in_use]
        leaving = idle[: max(len(self._models) - most, 0)]
        for name in leaving:
            log.info("%s leaves memory", name)
            del self._models[name]
        if leaving:
            memory.release(self._device)
        return bool(leaving)


def _bytes(model: AnyBatchedModel | PipelineModel) -> int:
    """The bytes of all weights of a model."""
    networks = [part for part in model.pipeline.components.values() if isinstance(part, torch.nn.Module)]
    return sum(weight.nbytes for network in networks for weight in network.parameters())
