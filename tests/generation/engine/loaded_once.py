"""Models that are read from their files once, for tests that are not about reading them."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from generation.catalogue import ModelSpec
from generation.engine.models import loader
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory


class LoadedOnce:
    """Stands in for `loader.load`: reads a model at its first call, and returns a copy at every call.

    Checks memory like the real one. Models that are drawn by a pipeline of their own are read each time.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[str, torch.dtype], UNetModel] = {}

    def __call__(
        self,
        spec: ModelSpec,
        device: torch.device,
        dtype: torch.dtype,
        report: loader.Report = lambda share: None,
        *rest: Any,
    ) -> AnyBatchedModel | PipelineModel:
        if (spec.source, dtype) not in self._read:
            model = loader.load(spec, device, dtype, report, *rest)
            if not isinstance(model, UNetModel):
                return model
            self._read[spec.source, dtype] = model
        memory.check_room(spec.name, memory.needed(loader.files_of(Path(spec.source)), dtype), device, dtype)
        read = self._read[spec.source, dtype]
        copied: UNetModel = deepcopy(read, {id(each): each for each in [read.preview, *tokenizers(read)]})
        report(1.0)
        return replace(copied, spec=spec)


def tokenizers(model: UNetModel) -> list[PreTrainedTokenizerBase]:
    """A model's tokenizers, which take longer to copy than its networks and are not changed."""
    parts = [*vars(model.pipeline).values(), *(reader.tokenizer for reader in model.prompts.readers)]
    return [part for part in parts if isinstance(part, PreTrainedTokenizerBase)]
