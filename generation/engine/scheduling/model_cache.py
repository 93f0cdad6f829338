"""The models that stay in memory, and which leave it for others."""

import logging
import math
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from generation import plans, suitability
from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning import textual_inversion
from generation.engine.models.batched_model import AnyBatchedModel, BatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.loader import UNBUILT, Report, load, needs_here
from generation.engine.models.placement import room_on
from generation.engine.models.quantization import nbytes
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.scheduling.dtype_trial import DtypeTrial
from generation.engine.scheduling.profiling import device_name
from generation.errors import ModelTooLarge, UnknownModel, Unsuitable
from generation.plans import EVERYTHING, Needs, Plan

log = logging.getLogger(__name__)

AnyModel = TypeVar("AnyModel", UNetModel, AnyBatchedModel, PipelineModel)

BESIDE_SHARE = 0.8
"""The share of free memory that a model may take beside those in use; drawing needs the rest."""


class ModelCache:
    """Keeps at most `room` models in memory, or those in use where they are more.

    The model used longest ago leaves for a new one, and all idle ones leave where the new one has no room beside them.
    Models are in the number format `dtype`, or in that of `trial` where it is faster. Sizes that did not fit into
    memory, or took long to decode, are kept in the file `measurements`. With `strict` no measured time changes pixels.
    All models together take `vram` bytes of the device at most, or what is free on a GPU: one that needs more is placed
    by a plan of `generation.plans`.
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
        vram: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._device = device
        self._dtype = dtype
        self._room = room
        self._trial = trial
        self._acceleration = acceleration
        self._vram = vram
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

    def draws_one_job(self, name: str) -> bool:
        """True for a model with a step cache, which draws one job at a time."""
        return name in self._catalogue.names and bool(self._catalogue.get(name).cache)

    def has_place(self, name: str, in_use: Collection[str]) -> bool:
        """True where the model called `name` can be used while those `in_use` stay in memory. False also where it is
        not on this machine yet, or cannot be read."""
        if name in self._models:
            return True
        try:
            spec = self._catalogue.completed(name)
            needs = needs_here(spec, self._known_dtype(spec))
        except (UnknownModel, *UNBUILT) as reason:
            log.info("%s is not loaded beside others: %s", name, reason)
            return False
        memory.release(self._device)
        idle = self._held(but=in_use)
        if self._is_planned:
            beside = self._plan(needs, idle)
            return beside is not None and beside == self._plan(needs, self._held())
        free = memory.free(memory.CPU if self._acceleration.offload else self._device)
        return needs.weights <= BESIDE_SHARE * (free + idle)

    @property
    def _is_planned(self) -> bool:
        """True where models are placed by how much of the device is free."""
        return not self._acceleration.offload and self._free != math.inf

    @property
    def _free(self) -> float:
        """The bytes that a model may take beside those in memory."""
        allowed = math.inf if self._vram is None else self._vram - self._held()
        return min(allowed, room_on(self._device))

    def _held(self, but: Collection[str] = ()) -> int:
        """The bytes that models in memory hold on the device."""
        return sum(_bytes(model) for name, model in self._models.items() if name not in but)

    def _plan(self, needs: Needs, freed: int = 0) -> Plan | None:
        """The plan of a model once so many bytes more are free."""
        return plans.plan(needs, self._free + freed)

    def keep(self, in_use: Collection[str]) -> None:
        """Drop the models that there is no room for, now that only those `in_use` are in use."""
        self._leave(self._room, in_use)

    def like_this(self, dtype: torch.dtype) -> "ModelCache":
        """Another cache for the same models, in one number format."""
        return ModelCache(
            self._catalogue,
            self._device,
            dtype,
            self._room,
            acceleration=self._acceleration,
            strict=self._strict,
            vram=self._vram,
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
            if self._is_planned and self._plan(needs_here(spec, dtype)) != EVERYTHING:
                raise ModelTooLarge(f"{spec.name} is not compared in {dtype}, for which there is no room")
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
        if self._is_cramped(spec, dtype, in_use):
            self._leave(0, in_use)
        try:
            return self._loaded(spec, dtype, on_load)
        except ModelTooLarge:
            if not self._leave(0, in_use):
                raise
        return self._loaded(spec, dtype, on_load)

    def _is_cramped(self, spec: ModelSpec, dtype: torch.dtype, in_use: Collection[str]) -> bool:
        """True where a model would be slower beside idle ones than in their place."""
        idle = self._held(but=in_use)
        if not (idle and self._is_planned):
            return False
        try:
            needs = needs_here(spec, dtype)
        except UNBUILT:
            return True
        return self._plan(needs) != self._plan(needs, idle)

    def _loaded(self, spec: ModelSpec, dtype: torch.dtype, on_load: Report) -> AnyBatchedModel | PipelineModel:
        model = load(spec, self._device, dtype, on_load, self._acceleration, self._free)
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
    """The bytes of a model's weights that are on the device."""
    networks = [part for part in model.pipeline.components.values() if isinstance(part, torch.nn.Module)]
    return sum(nbytes(network, model.device) for network in networks)
